"""A Kaggle dataset: the official client for credentials, the version and the redirect; our downloader for the bytes."""

import contextlib
import io
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from evergreen.errors import AccessRefused, SourceGone, SourceUnavailable, SourceUnreachable
from evergreen.sources.fetching.answers import Ask
from evergreen.sources.fetching.context import Kept, SourceContext
from evergreen.sources.fetching.download import Wanted, fetch

if TYPE_CHECKING:
    from evergreen.sections.data import KaggleSource

_HOW_TO_LOG_IN = (
    "make a token at https://www.kaggle.com/settings/api and put it into the environment variable KAGGLE_API_TOKEN "
    "or the file ~/.kaggle/access_token; KAGGLE_USERNAME with KAGGLE_KEY, and ~/.kaggle/kaggle.json, work too"
)


def version(source: "KaggleSource", context: SourceContext) -> dict[str, Any]:
    """Ask for the dataset's current version; a pinned one is taken as it is, and nobody is asked.

    Raises:
        AccessRefused: no credentials, or Kaggle refuses them.
        SourceUnavailable: see its subclasses.
    """
    number = source.version or _current(source.dataset)
    names = source.files or (f"{source.dataset.rpartition('/')[2]}.zip",)
    return {
        "address": f"kaggle:{source.dataset}",
        "version": f"version {number}",
        "files": dict.fromkeys(names, f"version {number}"),
    }


def acquire(source: "KaggleSource", versions: Mapping[str, str], context: SourceContext) -> dict[str, Kept]:
    """Fetch the dataset, or the files of it that the recipe names, in the version that the probe saw.

    Raises:
        AccessRefused: no credentials, or Kaggle refuses them.
        SourceUnavailable: see its subclasses.
    """
    kept = {}
    for name, label in versions.items():
        number = int(label.removeprefix("version "))
        file = name if source.files else None
        asked = Ask(
            address=_signed(source.dataset, number, file),
            shown=f"kaggle:{source.dataset} version {number}" + (f" {file}" if file else ""),
            renew="accept the dataset's terms on its page with the account whose token is used",
            attempts=source.attempts,
            stall_seconds=source.stall_seconds,
            pause_seconds=source.pause_seconds,
        )
        kept[name] = fetch(Wanted(name, asked, label), context)
    return kept


def _current(dataset: str) -> int:
    from kagglesdk.datasets.types.dataset_api_service import ApiGetDatasetRequest

    request = ApiGetDatasetRequest()
    request.owner_slug, _, request.dataset_slug = dataset.partition("/")
    with _client(dataset) as client:
        number = client.datasets.dataset_api_client.get_dataset(request).current_version_number
    if not number:
        raise SourceUnavailable(f"kaggle:{dataset}: expected a current version number, Kaggle said none")
    return int(number)


def _signed(dataset: str, number: int, file: str | None) -> Callable[[], str]:
    """Return a function that asks Kaggle for the signed address of the bytes, which expires."""

    def address() -> str:
        from kagglesdk.datasets.types.dataset_api_service import ApiDownloadDatasetRequest

        request = ApiDownloadDatasetRequest()
        request.owner_slug, _, request.dataset_slug = dataset.partition("/")
        request.dataset_version_number = number
        if file:
            request.file_name = file
        with _client(dataset) as client:
            # The client has followed the redirect; the answer's body is not read here.
            answer = client.datasets.dataset_api_client.download_dataset(request)
            answer.close()
        if not answer.history:
            raise SourceUnavailable(f"kaggle:{dataset}: expected a redirect to the bytes, Kaggle answered otherwise")
        return str(answer.url)

    return address


@contextmanager
def _client(dataset: str) -> Iterator[Any]:
    """Yield the official client, logged in, and turn its errors into ours, whose text holds no address.

    Raises:
        AccessRefused, SourceGone, SourceUnreachable, SourceUnavailable: in our words.
    """
    import requests

    try:
        # Late, and with what it prints kept away: importing it logs in, and prints when that fails.
        with contextlib.redirect_stdout(io.StringIO()):
            from kaggle.api.kaggle_api_extended import KaggleApi

            api = KaggleApi()
            api.authenticate()
        with api.build_kaggle_client() as client:
            yield client
    except SystemExit:
        failure: SourceUnavailable = AccessRefused(
            f"kaggle:{dataset}: expected credentials, found none: {_HOW_TO_LOG_IN}"
        )
    except requests.HTTPError as error:
        failure = _failure(dataset, error.response.status_code if error.response is not None else 0)
    except requests.RequestException as error:
        failure = SourceUnreachable(f"kaggle:{dataset}: Kaggle cannot be reached ({type(error).__name__})")
    else:
        return
    raise failure  # out of the handler: its error holds addresses


def _failure(dataset: str, status: int) -> SourceUnavailable:
    if status in (401, 403):
        return AccessRefused(
            f"kaggle:{dataset}: Kaggle refuses access (HTTP {status}). The token is wrong or has expired: "
            f"{_HOW_TO_LOG_IN}. Or the dataset is private, or its terms were not accepted on its page"
        )
    if status == 404:
        return SourceGone(f"kaggle:{dataset}: there is no such dataset or version: correct source.kaggle in the recipe")
    if status == 429 or status >= 500:
        return SourceUnreachable(f"kaggle:{dataset}: Kaggle is busy or broken (HTTP {status})")
    return SourceUnavailable(f"kaggle:{dataset}: Kaggle answered HTTP {status}")
