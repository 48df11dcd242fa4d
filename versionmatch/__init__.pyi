from . import align as align
from . import features as features
from .audio.decode import Limits as Limits
from .audio.decode import load as load
from .audio.decode import stream as stream
from .errors import AudioDecodeError as AudioDecodeError
from .errors import InputError as InputError
from .errors import LimitError as LimitError
from .errors import VersionMatchError as VersionMatchError
from .features.view import Track as Track
from .jobs.compare import compare as compare
from .jobs.retrieval import RetrievalParams as RetrievalParams
from .jobs.retrieval import bench_retrieval as bench_retrieval
from .params import CompareParams as CompareParams
from .types import Alignment as Alignment
from .types import Annotation as Annotation
from .types import Audio as Audio
from .types import Evidence as Evidence
from .types import Features as Features
from .types import Manifest as Manifest
from .types import Match as Match
from .types import Notes as Notes
from .types import Null as Null
from .types import Passage as Passage
from .types import Recording as Recording
from .types import Span as Span

__version__: str
