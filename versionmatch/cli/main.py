"""The command ``versionmatch``: standard output carries data only, everything said on the way goes to standard error.

Exit codes: 0 done · 1 nothing found · 2 usage · 3 a file could not be used, or work is left ·
4 the rights do not cover it · 5 something stored is damaged · 70 internal · 130 interrupted.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import traceback
from collections.abc import Sequence

from .. import __version__
from ..errors import (
    AudioDecodeError,
    CapabilityError,
    CatalogueBusy,
    InputError,
    IntegrityError,
    LimitError,
    MissingExtra,
    NotPermitted,
    ParamsError,
    UnknownPlugin,
)
from . import (
    align,
    attribute,
    audit,
    bench,
    compare,
    consent,
    corpus,
    doctor,
    features,
    identify,
    index,
    models,
    prior_art,
    review,
    royalty,
    scan,
    train,
)

EXIT_OK, EXIT_USAGE, EXIT_FILES, EXIT_RIGHTS, EXIT_INTEGRITY, EXIT_INTERNAL, EXIT_INTERRUPTED = 0, 2, 3, 4, 5, 70, 130

DESCRIPTION = """\
Are two recordings related in substance, where, in which element, and how unusual is that?

  versionmatch compare A B --out report.html     compare two recordings, with a report that works offline
  versionmatch align REF OTHER --csv             corresponding times of two recordings
  versionmatch features FILE --out FOLDER        its notes, chords, beats and key, as files to correct
  versionmatch index build MY.catalogue music/   keep a collection's features, whatever happens on the way
  versionmatch scan MY.catalogue                 which of them are one recording, or versions of one work
  versionmatch identify MY.catalogue FILE        which of them a file is
  versionmatch prior-art TUNE --index CORPUS     which works of a dated corpus hold a passage
  versionmatch attribute --model … --corpus …    which of a model's training items mattered for an output
  versionmatch bench retrieval MANIFEST.csv      measure retrieval on your own collection
"""


def parser() -> argparse.ArgumentParser:
    """The whole command line; building it loads nothing heavy."""
    top = argparse.ArgumentParser(
        prog="versionmatch", description=DESCRIPTION, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    top.add_argument("--version", action="version", version=f"versionmatch {__version__}")
    commands = top.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for command in (
        compare,
        align,
        features,
        index,
        identify,
        prior_art,
        scan,
        review,
        bench,
        models,
        train,
        corpus,
        consent,
        royalty,
        audit,
        attribute,
        doctor,
    ):
        command.add_to(commands)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code, and ends the process with it as a console script."""
    options = parser().parse_args(arguments)
    quiet = getattr(options, "quiet", False)
    logging.basicConfig(level=logging.ERROR if quiet else logging.WARNING, format="%(levelname)s: %(message)s")
    try:
        code: int | None = options.run(options)
        sys.stdout.flush()
    except (ParamsError, UnknownPlugin, MissingExtra, CapabilityError) as error:
        return _fail(EXIT_USAGE, error)
    except (AudioDecodeError, LimitError, InputError, CatalogueBusy) as error:
        return _fail(EXIT_FILES, error)
    except NotPermitted as error:
        return _fail(EXIT_RIGHTS, error)
    except IntegrityError as error:
        return _fail(EXIT_INTEGRITY, error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        return _fail(EXIT_FILES, error)
    except Exception:  # noqa: BLE001 (the last resort of a command: say it all, with its own exit code)
        sys.stderr.write(f"versionmatch: this is a defect of versionmatch {__version__}:\n{traceback.format_exc()}")
        return EXIT_INTERNAL
    return code or EXIT_OK


def _fail(code: int, error: BaseException) -> int:
    sys.stderr.write(f"versionmatch: {error}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
