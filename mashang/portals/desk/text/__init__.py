"""来文分析 at the desk: answers checked, letters grouped, compared, sorted, masked. Nothing that is given here is kept."""

from .answers import replies
from .letters import hot, similar
from .masking import mask
from .sorting import classify

__all__ = ["classify", "hot", "mask", "replies", "similar"]
