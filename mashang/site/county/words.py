"""What the invented people of the demo county say and write."""

from __future__ import annotations

from collections.abc import Mapping

RIGHTS: Mapping[str, str] = {
    "notice": "approvals.notice", "accept": "approvals.accept", "review": "approvals.review",
    "start_visit": "approvals.visit", "finish_visit": "approvals.visit", "check_site": "approvals.check_site",
    "grant": "approvals.decide", "propose_refusal": "approvals.decide", "issue": "approvals.issue",
}  # fmt: skip
PLACES = {"350824": (25.10, 116.10), "350623": (24.12, 117.61)}
"""Latitude and longitude of the county towns, to a hundredth of a degree."""
OPINIONS = ("材料齐全，符合要求。", "经核对，情况属实，同意。", "符合规划和用途管制，同意。", "符合条件，建议准予。")
FINDINGS = ("现场与申请一致。", "四至清楚，邻居到场确认。", "与图纸一致，桩点已钉。", "场地平整，无安全隐患。")
BAD_FINDINGS = ("超出批准的四至 0.4 米，请退回红线内。", "边角桩与附图不一致，请重新放线。", "公示牌没有立，请补立。")
WITHDRAWN = ("家里有变化，先不办了", "地点另选，重新申请", "填错了事项，撤回重报")
NEW_DEMAND = "设计图的层数与申请表不一致，请重新提供设计图"
REFUSALS: Mapping[str, Mapping[str, str]] = {
    "rural-house": {
        "grounds": "选址与村庄规划的道路红线重叠",
        "basis": "城乡规划法第四十一条",
        "remedy": "另选符合村庄规划的地块后重新申请，可请村里帮助选址。",
    },
    "food-business": {
        "grounds": "经营场所与污染源的距离不足",
        "basis": "食品安全法第三十三条第一款第（一）项",
        "remedy": "更换场所或者清除污染源后重新申请。",
    },
    "road-works": {
        "grounds": "该路段为五年内新建道路，未经县人民政府批准",
        "basis": "城市道路管理条例第三十三条第二款",
        "remedy": "取得县人民政府批准文件，或者改走非开挖方案后重新申请。",
    },
}
PRAISE = ("三天就拿到证，不用跑", "窗口讲得很清楚", "手机上就办好了", "态度很好，谢谢", "比以前快多了", "一次办好")
FAIR = ("还可以", "进度能再勤一点通知就好", "材料拍照清晰度要求高了些")
COMPLAINTS = ("等得太久，没人说一声", "补材料说了两次才说全", "电话一直打不通", "到场时间改了没有通知")
GOOD_TAGS, BAD_TAGS = ("一次办好", "说得清楚", "速度快", "态度好"), ("等得太久", "没有一次讲清", "跑了多趟")
CONTACTED = ("已电话联系，当面说明情况并致歉。", "已上门了解，记下办事人的意见。")
RIGHTED = ("补办结，窗口改为一次性列清单告知。", "已增设短信提醒，到场时间变更须提前半天通知。")
ANSWERED = (
    "已办结并送达。延误因经办人外出未交接，已向申请人说明并致歉。",
    "已补办。已补设 B 岗，经办人不在时当日交接。",
)
MEASURES = ("建立每日晨查待办制度，临期件由负责人盯办。", "AB 岗交接写入岗位职责，月底通报超期件。")
GROUND = "机关效能建设考评办法（演示）第十二条：超期办结每件扣 0.5 分"
SENT_BACK = "没有写明具体的整改措施，请补充后重新反馈。"
