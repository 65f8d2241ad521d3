"""What each verb of an application says in the timeline."""

from django.utils.translation import gettext_lazy as _

SENTENCES = {
    "hand_in": _("提交“{what}”，收件并出具回执"),
    "notice": _("一次性告知需补正：{missing}{help:（怎样补：|）}"),
    "supplement": _("补正材料：{given}{words:；说明：}"),
    "accept": _("受理{promised:，承诺|办结}"),
    "deem_accepted": _("逾期未一次性告知，自收到材料之日起视为受理（行政许可法第三十二条）"),
    "review": _("{step}：{conclusion}"),
    "start_visit": _("{clock:|：}{purpose}{law:（|）}，预计 {expected}，已告知申请人"),
    "finish_visit": _("{step}完成{clock:，}，{photos} 张照片"),
    "visit": _("{step}完成，{photos} 张照片"),
    "extend": _("延期 {limit}：{ground}，已告知申请人"),
    "grant": _("准予：{conclusion}"),
    "propose_refusal": _("否定报备：拟不予{what}，待第二人确认"),
    "confirm_refusal": _("否定报备经确认，{outcome}，已书面告知理由和救济途径"),
    "take_back_refusal": _("撤回否定报备，继续办理"),
    "end_checks": _("不再建设，余下的到场检查不再进行：{reason}"),
    "send_back_refusal": _("否定报备退回重办：{words}"),
    "issue": _("已出证：{results}"),
    "ask_check": _("申请人请求{step}"),
    "check_site": _("{step}：{finding}，{photos} 张照片{note:；现场情况：}"),
    "hand_later": _("补交容缺材料：{given}"),
    "withdraw": _("申请人撤回：{reason}"),
    "remind_later": _("提醒申请人补交容缺材料：{missing}"),
    "lapse": _("逾期未补交，视为撤回"),
}
