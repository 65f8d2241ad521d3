"""What others may ask the room: rights (no SQL), actors, places, people."""

from ..events import PRIVATE as PRIVATE
from ..events import SENTENCES as SENTENCES
from ..kept import Kept as Kept
from .actors import (
    Client as Client,
)
from .actors import (
    Session as Session,
)
from .actors import (
    actor_for as actor_for,
)
from .actors import (
    client_for as client_for,
)
from .actors import (
    colleagues_at_work as colleagues_at_work,
)
from .actors import (
    covering as covering,
)
from .actors import (
    demo_accounts as demo_accounts,
)
from .actors import (
    has_second_factor as has_second_factor,
)
from .actors import (
    sentence as sentence,
)
from .actors import (
    session_for as session_for,
)
from .actors import (
    shown_name as shown_name,
)
from .actors import (
    shown_names as shown_names,
)
from .actors import (
    stand_in as stand_in,
)
from .actors import (
    standing_for as standing_for,
)
from .administration import AbsenceInfo as AbsenceInfo
from .administration import ClientInfo as ClientInfo
from .administration import GrantInfo as GrantInfo
from .administration import absences_from as absences_from
from .administration import account_named as account_named
from .administration import accounts_of as accounts_of
from .administration import api_clients as api_clients
from .administration import grants_of as grants_of
from .administration import reaches as reaches
from .administration import staff_counts as staff_counts
from .decide import (
    bounded as bounded,
)
from .decide import (
    for_persons as for_persons,
)
from .decide import (
    holds as holds,
)
from .decide import (
    may as may,
)
from .decide import (
    may_act as may_act,
)
from .decide import (
    may_in as may_in,
)
from .decide import (
    may_see as may_see,
)
from .decide import (
    persons_of as persons_of,
)
from .decide import (
    reach as reach,
)
from .decide import (
    scopes as scopes,
)
from .decide import (
    visible_to as visible_to,
)
from .mandates import MandateInfo as MandateInfo
from .mandates import agents_in as agents_in
from .mandates import helped_by as helped_by
from .mandates import is_person as is_person
from .mandates import mandate as mandate
from .mandates import mandates_given as mandates_given
from .mandates import mandates_held as mandates_held
from .mandates import mandates_recorded_in as mandates_recorded_in
from .people import OwnDetails as OwnDetails
from .people import (
    PersonInfo as PersonInfo,
)
from .people import (
    PostInfo as PostInfo,
)
from .people import (
    StaffInfo as StaffInfo,
)
from .people import (
    address_of as address_of,
)
from .people import (
    find_person as find_person,
)
from .people import own_details as own_details
from .people import (
    people as people,
)
from .people import (
    person as person,
)
from .people import (
    persons_by_exact as persons_by_exact,
)
from .people import (
    phone_tail as phone_tail,
)
from .people import (
    posts_of as posts_of,
)
from .people import (
    staff as staff,
)
from .people import (
    staff_member as staff_member,
)
from .people import (
    staff_name as staff_name,
)
from .people import (
    staff_of as staff_of,
)
from .people import (
    unit_of_staff as unit_of_staff,
)
from .people import (
    who_may as who_may,
)
from .places import (
    MOST_REGIONS as MOST_REGIONS,
)
from .places import (
    RegionInfo as RegionInfo,
)
from .places import (
    UnitInfo as UnitInfo,
)
from .places import (
    answering as answering,
)
from .places import (
    current_region as current_region,
)
from .places import (
    offices_over as offices_over,
)
from .places import (
    region as region,
)
from .places import (
    region_path as region_path,
)
from .places import (
    region_short as region_short,
)
from .places import (
    region_shorts as region_shorts,
)
from .places import (
    regions_like as regions_like,
)
from .places import (
    regions_named as regions_named,
)
from .places import (
    regions_under as regions_under,
)
from .places import (
    unit as unit,
)
from .places import (
    unit_kinds as unit_kinds,
)
from .places import (
    unit_named as unit_named,
)
from .places import (
    units_around as units_around,
)
from .places import (
    units_in as units_in,
)
from .places import (
    units_of as units_of,
)
from .places import (
    units_under as units_under,
)
from .reasons import scope_text as scope_text
from .reasons import why as why
from .signing import SIGN_INS as SIGN_INS
from .signing import sign_ins as sign_ins
