"""Verb → sentence, for reading the room's entries aloud. What stands in `PRIVATE` is sealed and can be erased.

Entries hold ids only; the reader puts names in place of `staff` and `stand_in`, and a label in place of `role`.
"""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

SENTENCES: dict[str, str | Promise] = {
    "region.loaded": _("载入行政区划{shipped}条，其中{changed}条有变动。"),
    "region.registered": _("登记行政区划“{name}”（{code}）。"),
    "region.revised": _("更正行政区划“{old}”，现名“{name}”。"),
    "region.ended": _("行政区划“{name}”自{valid_to}起撤销，由{successor}继任。"),
    "unit.opened": _("设立单位“{name}”。"),
    "unit.revised": _("“{old}”改名或划转，现名“{name}”。"),
    "unit.classified": _("“{name}”列入考评类别{class}。"),
    "unit.unclassified": _("“{name}”不再单独考评。"),
    "unit.closed": _("撤销单位“{name}”。"),
    "post.opened": _("设立岗位“{title}”。"),
    "post.closed": _("撤销岗位“{title}”。"),
    "staff.appointed": _("任用{staff}。"),
    "staff.renamed": _("“{old}”的姓名改为“{new}”。"),
    "staff.phone_changed": _("{staff}的手机号已更换。"),
    "account.password_set": _("重设账号{account}的密码。"),
    "account.factor_dropped": _("停用账号{account}的两步验证。"),
    "staff.transferred": _("{staff}由“{old}”调到“{new}”。"),
    "staff.left": _("{staff}离岗，账号停用，授权收回。"),
    "absence.registered": _("登记{staff}离岗，由{stand_in}代岗。"),
    "absence.ended": _("{staff}返岗，{stand_in}代岗结束。"),
    "role.granted": _("授予{staff}“{role}”角色。"),
    "role.revoked": _("收回{staff}的“{role}”角色。"),
    "person.registered": _("登记申请人{person}。"),
    "person.revealed": _("查看申请人{person}的完整个人信息。"),
    "account.opened": _("为申请人{person}开通账号。"),
    "person.phone_bound": _("申请人{person}用验证过的手机号绑定本人身份，可以用它登录账号{account}。"),
    "person.looked_up": _("按证件号码或手机号查找申请人{person}，准备登记委托。"),
    "helper.not_found": _("申请人{person}登记委托时没有找到受托人。"),
    "mandate.recorded": _("登记申请人{person}的委托。"),
    "mandate.revoked": _("终止申请人{person}的委托。"),
    "client.admitted": _("准入外部系统“{name}”。"),
    "client.revoked": _("收回外部系统“{name}”的令牌。"),
}
PRIVATE: dict[str, tuple[str, ...]] = {
    "absence.registered": ("reason",),
    "person.registered": ("name",),
    "person.revealed": ("reason",),
}
