"""THE table of rights. Pages, API and tests read it; what it does not list is refused.

A right names the roles that hold it. How far a role reaches (a unit's subtree, a region, kinds of case, persons) is
in the grant, see `rules`. Roles beginning with a capability such as "cases:read" are API scopes of a client.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .rules import PERSON_ROLES

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Role:
    """`mfa`: must sign in with two factors. `hands_over`: a stand-in takes it over. `bars`: may not be held with it."""

    label: Label
    mfa: bool = False
    hands_over: bool = True
    bars: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Right:
    label: Label
    roles: frozenset[str]


STAFF_ROLES: dict[str, Role] = {
    "clerk": Role(_("窗口受理")),
    "handler": Role(_("承办人")),
    "lead": Role(_("单位负责人")),
    "dispatcher": Role(_("派单员")),
    "inspector": Role(_("督查员")),
    "office": Role(_("效能办"), mfa=True),
    "leader": Role(_("领导"), mfa=True, hands_over=False),
    "catalogue_editor": Role(_("事项管理员"), hands_over=False),
    "admin": Role(_("系统管理员"), mfa=True, hands_over=False, bars=frozenset({"auditor"})),
    "auditor": Role(_("审计员"), mfa=True, hands_over=False, bars=frozenset({"admin"})),
}
OTHER_ROLES: dict[str, Role] = {
    "public": Role(_("公众")),
    "citizen": Role(_("群众和企业")),
    "helper": Role(_("帮办代办人")),
    "system": Role(_("系统")),
    "cases:read": Role(_("接口：查询办件")),
    "cases:write": Role(_("接口：提交和办理")),
    "catalogue:read": Role(_("接口：查询事项")),
    "cases:rate": Role(_("接口：转交评价")),
    "text:use": Role(_("接口：来文分析")),
    "score:use": Role(_("接口：按方案计分")),
    "score:read": Role(_("接口：查询考评结果")),
    "score:report": Role(_("接口：上报考评数据")),
}
ROLES: dict[str, Role] = STAFF_ROLES | OTHER_ROLES
SCOPES: tuple[str, ...] = tuple(role for role in OTHER_ROLES if ":" in role)

DESK = frozenset({"clerk", "handler", "lead", "dispatcher"})
WATCH = frozenset({"inspector", "office", "leader"})
OFFICIAL = DESK | WATCH | {"catalogue_editor", "admin", "auditor"}
APPLICANT = PERSON_ROLES


def right(label: Label, *roles: str | frozenset[str]) -> Right:
    """A right held by these roles and by the system, which acts by rule."""
    named = frozenset().union(*({role} if isinstance(role, str) else role for role in roles))
    if unknown := named - ROLES.keys():
        raise LookupError(f"unknown roles: {sorted(unknown)}")
    return Right(label, named | {"system"})


RIGHTS: dict[str, Right] = {
    "cases.view": right(_("查看办件"), DESK, WATCH, APPLICANT, "auditor", "cases:read"),
    "cases.begin": right(_("登记办件"), "clerk", "dispatcher", "office", APPLICANT, "cases:write"),
    "cases.act": right(_("办理"), DESK, "office", APPLICANT, "cases:write"),
    "cases.assign": right(_("分派承办人"), "lead", "dispatcher"),
    "cases.expire": right(_("到期处理")),
    "cases.urge": right(_("催办"), "lead", "dispatcher", WATCH),
    "cases.hand_over": right(_("移交"), DESK),
    "cases.export": right(_("导出办件"), "lead", "dispatcher", "office", "auditor"),
    "cases.erase": right(_("删除个人信息"), "office"),
    "approvals.hand_in": right(_("提交申请"), APPLICANT, "clerk", "cases:write"),
    "approvals.take_in": right(_("窗口收件"), "clerk"),
    "approvals.accept": right(_("受理"), "clerk", "handler", "lead", "cases:write"),
    "approvals.notice": right(_("一次性告知"), "clerk", "handler", "lead", "cases:write"),
    "approvals.supplement": right(_("补正材料"), APPLICANT, "clerk", "cases:write"),
    "approvals.review": right(_("审查"), "handler", "lead", "cases:write"),
    "approvals.visit": right(_("现场勘验"), "handler", "lead", "cases:write"),
    "approvals.decide": right(_("作出决定"), "handler", "lead", "cases:write"),
    "approvals.confirm_refusal": right(_("否定报备确认"), "lead"),
    "approvals.issue": right(_("制证发证"), "clerk", "handler", "lead", "cases:write"),
    "approvals.check_site": right(_("到场检查"), "handler", "inspector", "lead"),
    "approvals.withdraw": right(_("撤回申请"), APPLICANT, "clerk", "cases:write"),
    "reviews.rate": right(_("评价"), APPLICANT, "cases:rate"),
    "reviews.check": right(_("核实差评"), "lead"),
    "reviews.check_instead": right(_("代为核实差评"), "office"),
    "reviews.redress": right(_("差评整改"), "clerk", "handler", "lead"),
    "supervision.view": right(_("查看督办"), "lead", "handler", WATCH),
    "supervision.assign": right(_("交办"), "office", "leader"),
    "supervision.report": right(_("反馈办理情况"), "handler", "lead"),
    "supervision.confirm": right(_("核实整改"), "inspector", "office"),
    "performance.view": right(_("查看考评"), "lead", "handler", WATCH, "score:read"),
    "performance.calculate": right(_("按给出的方案和数据计分"), "score:use"),
    "performance.edit_scheme": right(_("编制考评方案"), "office"),
    "performance.report": right(_("上报考评数据"), "lead", "handler", "office", "score:report"),
    "performance.correct": right(_("批准更正考评数据"), "office"),
    "performance.run": right(_("计算考评"), "office"),
    "text.work": right(_("来文分析"), "lead", "dispatcher", "inspector", "office", "text:use"),
    "insight.cockpit": right(_("驾驶舱"), "office", "leader"),
    "catalogue.view": right(_("查看事项"), "public", "catalogue:read"),
    "catalogue.edit": right(_("编辑事项"), "catalogue_editor"),
    "catalogue.publish": right(_("发布事项"), "catalogue_editor"),
    "documents.revoke": right(_("撤销文书"), "lead"),
    "documents.reissue": right(_("出具更正后的文书"), "lead"),
    "desk.open": right(_("进入工作台"), OFFICIAL),
    "org.people": right(_("管理单位和人员"), "admin"),
    "org.rights": right(_("授予和收回权限"), "admin"),
    "org.absence": right(_("登记离岗和代岗"), "admin", "lead"),
    "org.calendar": right(_("管理日历"), "admin"),
    "org.clients": right(_("管理接口令牌"), "admin"),
    "org.why": right(_("查询能否看到的原因"), "admin", "auditor"),
    "org.reveal": right(_("查看完整个人信息"), "clerk", "handler", "lead", "dispatcher", "office"),
    "org.register_person": right(_("登记申请人"), "clerk", "dispatcher", "cases:write"),
    "org.mandate": right(_("登记委托代办"), "clerk", "citizen"),
    "ledger.audit": right(_("审计台账"), "auditor"),
}

PUBLIC, SIGNED_IN = "public", "signed-in"

PAGES: dict[str, str] = {
    # sign-in (portals/shared/accounts)
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reauthenticate": SIGNED_IN,
    "accounts:phone": PUBLIC,
    "accounts:phone_code": PUBLIC,
    "accounts:password": SIGNED_IN,
    "accounts:identity": SIGNED_IN,
    "mfa_authenticate": PUBLIC,
    "mfa_reauthenticate": SIGNED_IN,
    "mfa_index": SIGNED_IN,
    "mfa_activate_totp": SIGNED_IN,
    "mfa_deactivate_totp": SIGNED_IN,
    "mfa_view_recovery_codes": SIGNED_IN,
    "mfa_generate_recovery_codes": SIGNED_IN,
    "openid_connect_login": PUBLIC,
    "openid_connect_callback": PUBLIC,
    "socialaccount_login_cancelled": PUBLIC,
    "socialaccount_login_error": PUBLIC,
    # the shell (portals/shared); style pages answer 404 outside the demo
    "shared:preferences": PUBLIC,
    "shared:days": PUBLIC,
    "shared:styleguide": PUBLIC,
    "shared:styleguide_portal": PUBLIC,
    "shared:sample_check": PUBLIC,
    "shared:sample_days": PUBLIC,
    "shared:sample_progress": PUBLIC,
    # the hall
    "hall:home": PUBLIC,
    "hall:find": PUBLIC,
    "hall:guide": PUBLIC,
    "hall:track": PUBLIC,
    "hall:verify": PUBLIC,
    "hall:verify_code": PUBLIC,
    "hall:proof": PUBLIC,
    "hall:limits": PUBLIC,
    "hall:apply": "approvals.hand_in",
    "hall:apply_part": "approvals.hand_in",
    "hall:draft": SIGNED_IN,
    "hall:mine": "cases.view",
    "hall:notices": SIGNED_IN,
    "hall:mandates": SIGNED_IN,
    "hall:case": "cases.view",
    "hall:receipt": "cases.view",
    "hall:receipt_file": "cases.view",
    "hall:form": "cases.view",
    "hall:rate": "reviews.rate",
    "hall:result": "cases.view",
    "hall:file": "cases.view",
    "hall:press": "cases.act",
    "hall:press_step": "cases.act",
    # the desk
    "desk:inbox": "desk.open",
    "desk:find": "desk.open",
    "desk:cases": "desk.open",
    "desk:export": "cases.export",
    "desk:intake": "approvals.take_in",
    "desk:sites": "approvals.check_site",
    "desk:notices": "desk.open",
    "desk:assign_many": "cases.assign",
    "desk:watch": "supervision.view",
    "desk:assign_matter": "supervision.assign",
    "desk:score": "performance.view",
    "desk:score_run": "performance.run",
    "desk:score_scheme": "performance.view",
    "desk:score_schemes": "performance.view",
    "desk:score_scheme_words": "performance.view",
    "desk:score_scheme_compare": "performance.view",
    "desk:score_scheme_new": "performance.edit_scheme",
    "desk:score_scheme_edit": "performance.edit_scheme",
    "desk:score_scheme_try": "performance.edit_scheme",
    "desk:score_scheme_freeze": "performance.edit_scheme",
    "desk:score_figures": "performance.report",
    "desk:score_figures_sheet": "performance.report",
    "desk:score_figures_template": "performance.report",
    "desk:score_figures_unit": "performance.report",
    "desk:score_figure_report": "performance.report",
    "desk:score_correct": "performance.report",
    "desk:score_corrections": "performance.report",
    "desk:score_correction": "performance.report",
    "desk:score_unit": "performance.view",
    "desk:score_what_if": "performance.view",
    "desk:score_proof": "performance.view",
    "desk:score_inputs": "performance.view",
    "desk:score_workbook": "performance.view",
    "desk:audit": "ledger.audit",
    "desk:audit_export": "ledger.audit",
    "desk:audit_sign_ins": "ledger.audit",
    "desk:audit_proof": "ledger.audit",
    "desk:audit_compare": "ledger.audit",
    "desk:audit_keys": "ledger.audit",
    "desk:audit_checkpoint": "ledger.audit",
    "desk:audit_check": "ledger.audit",
    "desk:audit_progress": "ledger.audit",
    "desk:text": "text.work",
    "desk:text_hot": "text.work",
    "desk:text_similar": "text.work",
    "desk:text_classify": "text.work",
    "desk:text_mask": "text.work",
    "desk:catalogue": "catalogue.edit",
    "desk:catalogue_new": "catalogue.edit",
    "desk:catalogue_import": "catalogue.publish",
    "desk:catalogue_excel": "catalogue.edit",
    "desk:catalogue_csv": "catalogue.edit",
    "desk:catalogue_entry": "catalogue.edit",
    "desk:catalogue_fields": "catalogue.edit",
    "desk:catalogue_rows": "catalogue.edit",
    "desk:catalogue_definition": "catalogue.edit",
    "desk:catalogue_preview": "catalogue.edit",
    "desk:catalogue_differences": "catalogue.edit",
    "desk:catalogue_file": "catalogue.edit",
    "desk:case": "desk.open",
    "desk:file": "desk.open",
    "desk:form": "desk.open",
    "desk:result": "desk.open",
    "desk:mandates": "org.mandate",
    "desk:mandate_paper": "org.mandate",
    "desk:revoke": "documents.revoke",
    "desk:reissue": "documents.reissue",
    "desk:erase": "cases.erase",
    "desk:reveal": "org.reveal",
    "desk:press": "desk.open",
    "desk:press_step": "desk.open",
    # the cockpit
    "cockpit:home": "insight.cockpit",
    "cockpit:cases": "insight.cockpit",
    # administrators (portals/desk/admin_pages)
    "admin:units": "org.people",
    "admin:unit": "org.people",
    "admin:staff": "org.people",
    "admin:divisions": "org.people",
    "admin:find_division": "desk.open",
    "admin:division": "org.people",
    "admin:calendar": "org.calendar",
    "admin:clocks": "desk.open",
    "admin:clock": "desk.open",
    "admin:absences": "org.absence",
    "admin:clients": "org.clients",
    "admin:why": "org.why",
    "admin:rights": "desk.open",
}
"""Name of a Django view → right, "public" or "signed-in"."""

OPERATIONS: dict[str, str] = {
    "list_entries": "catalogue.view",
    "read_entry": "catalogue.view",
    "read_guide": "catalogue.view",
    "read_form": "catalogue.view",
    "create_case": "approvals.hand_in",
    "list_cases": "cases.view",
    "read_case": "cases.view",
    "list_actions": "cases.view",
    "press_action": "cases.act",
    "rate_case": "reviews.rate",
    "upload_document": "cases.begin",
    "download_document": "cases.view",
    "read_result": "cases.view",
    "read_receipt": "cases.view",
    "verify_certificate": PUBLIC,
    "classify_texts": "text.work",
    "check_replies": "text.work",
    "find_similar": "text.work",
    "group_hot": "text.work",
    "mask_texts": "text.work",
    "run_score": "performance.calculate",
    "check_score": "performance.calculate",
    "list_scores": "performance.view",
    "read_score": "performance.view",
    "report_figure": "performance.report",
    "read_keys": PUBLIC,
    "openapi-json": PUBLIC,
    "docs": PUBLIC,
}
"""Operation of the API → right, or "public": no token needed. An operation not listed here is not found."""
