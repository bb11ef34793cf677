"""What a TAB makes of a line, for every shell."""

from __future__ import annotations

from pathlib import Path

RUN = "openai beta:threads create-and-run"

FILES = ("file.txt", "my file.txt", "it's 5$.txt", "we:ird.txt", 'quo"te.txt', "new\nline.txt")

CASES = {
    # Words, with the colons that bash takes for the ends of words
    "openai beta:th": "openai beta:threads",
    "openai beta:threads:r": "openai beta:threads:runs",
    "openai beta:a": "openai beta:assistants ",
    "openai beta:threads:runs:st": "openai beta:threads:runs:steps ",
    "openai beta:threads cr": "openai beta:threads create",
    "openai beta:threads create-": f"{RUN} ",
    "openai beta:threads:runs ret": "openai beta:threads:runs retrieve ",
    "openai hel": "openai help ",
    "openai help beta:threads:runs re": "openai help beta:threads:runs retrieve ",
    "openai loc": "openai local ",
    "openai local serv": "openai local serve ",
    "openai help local serv": "openai help local serve ",
    "openai local serve --upstream-api ch": "openai local serve --upstream-api chat ",
    "openai local import fi": "openai local import file.txt ",
    "openai local import --replace di": "openai local import --replace dir/",
    "openai local import --skip": "openai local import --skip-invalid ",
    "openai help local import fi": "openai help local import fi",
    "openai local serve --store fi": "openai local serve --store file.txt ",
    "openai @comp": "openai @completion ",
    "openai @completion po": "openai @completion powershell ",
    "openai @manpages --ou": "openai @manpages --output ",
    "openai nonsense cr": "openai nonsense cr",
    "openai help beta:threads --form": "openai help beta:threads --form",
    # A TAB at an empty word lists names, and types no dash where only flags may follow
    "openai local path ": "openai local path ",
    "openai beta:threads:runs retrieve ": "openai beta:threads:runs retrieve ",
    f"{RUN} ": f"{RUN} ",
    f"{RUN} --stream ": f"{RUN} --stream ",
    # Flags: global ones anywhere, a command's own behind it
    "openai --transform-e": "openai --transform-error ",
    "openai --install": "openai --install-completion ",
    "openai --show-completion fi": "openai --show-completion fish ",
    "openai --assist": "openai --assist",
    "openai beta:threads --show-c": "openai beta:threads --show-c",
    f"{RUN} --assist": f"{RUN} --assistant-id ",
    f"{RUN} --transform-e": f"{RUN} --transform-error ",
    f"{RUN} --truncation-strategy.l": f"{RUN} --truncation-strategy.last-messages ",
    f"{RUN} --assistant-id a --assist": f"{RUN} --assistant-id a --assist",
    f"{RUN} --header a --head": f"{RUN} --header a --header ",
    f"{RUN} --raw-output -": f"{RUN} --raw-output -",
    f"{RUN} -- --assist": f"{RUN} -- --assist",
    "openai --format json --local beta:threads create-": "openai --format json --local "
    "beta:threads create-and-run ",
    "openai --dry-run json beta:threads create-": "openai --dry-run json "
    "beta:threads create-and-run ",
    "openai --dry-run beta:threads create-": "openai --dry-run beta:threads create-and-run ",
    "openai --api-key --local beta:threads create-": "openai --api-key --local "
    "beta:threads create-and-run ",
    # The word behind a flag with a value is the value, whatever it looks like
    f"{RUN} --message --local --loca": f"{RUN} --message --local --local ",
    f"{RUN} --message --local --mess": f"{RUN} --message --local --message ",
    f"{RUN} --message -- --assist": f"{RUN} --message -- --assistant-id ",
    f"{RUN} --message --format ya": f"{RUN} --message --format ya",
    f"{RUN} --stream --format ya": f"{RUN} --stream --format yaml ",
    # Values, behind a blank or an equals sign
    "openai --format ya": "openai --format yaml ",
    "openai --format=ya": "openai --format=yaml ",
    "openai --format=js": "openai --format=json",
    "openai -format ya": "openai -format yaml ",
    f"{RUN} --format-error pre": f"{RUN} --format-error pretty ",
    f"{RUN} --stream tr": f"{RUN} --stream true ",
    f"{RUN} --stream=fa": f"{RUN} --stream=false ",
    f"{RUN} --stream --assist": f"{RUN} --stream --assistant-id ",
    f"{RUN} --tool co": f"{RUN} --tool code_interpreter ",
    f"{RUN} --tool=fi": f"{RUN} --tool=file_search ",
    f"{RUN} --tool-choice req": f"{RUN} --tool-choice required ",
    f"{RUN} --truncation-strategy.type last": f"{RUN} --truncation-strategy.type last_messages ",
    f"{RUN} --instructions fi": f"{RUN} --instructions fi",
    # Files, in places where one may stand
    f"{RUN} --message @fi": f"{RUN} --message @file.txt ",
    f"{RUN} --message=@fi": f"{RUN} --message=@file.txt ",
    f"{RUN} --message @di": f"{RUN} --message @dir/",
    f"{RUN} --message @dir/": f"{RUN} --message @dir/deep.md ",
    f"{RUN} --message @~/at": f"{RUN} --message @~/at_home.txt ",
    f"{RUN} --message @./fi": f"{RUN} --message @./file.txt ",
    f"{RUN} --message @file:": f"{RUN} --message @file://",
    f"{RUN} --message @da": f"{RUN} --message @data://",
    f"{RUN} --message @file://fi": f"{RUN} --message @file://file.txt ",
    f"{RUN} --message=@data://fi": f"{RUN} --message=@data://file.txt ",
    f"{RUN} --metadata note=@fi": f"{RUN} --metadata note=@file.txt ",
    f"{RUN} --metadata=note=@fi": f"{RUN} --metadata=note=@file.txt ",
    f"{RUN} --message '{{content: \"@fi": f"{RUN} --message '{{content: \"@file.txt' ",
    f"{RUN} --message user@fi": f"{RUN} --message user@fi",
    f"{RUN} --top-p @fi": f"{RUN} --top-p @fi",
    "openai --mtls-client-cert-file fi": "openai --mtls-client-cert-file file.txt ",
    f"{RUN} --mtls-client-key-file=fi": f"{RUN} --mtls-client-key-file=file.txt ",
    "openai @manpages -o di": "openai @manpages -o dir/",
    "openai --base-url lo": "openai --base-url local:",
    "openai --base-url local:fi": "openai --base-url local:file.txt ",
    "openai --base-url=local:di": "openai --base-url=local:dir/",
    f"{RUN} > fi": f"{RUN} > file.txt ",
    f"{RUN} 2>/dev/null --assist": f"{RUN} 2>/dev/null --assistant-id ",
    # Names that need quoting, and quotes that are open
    f"{RUN} --message @my": f"{RUN} --message @my\\ file.txt ",
    f"{RUN} --message @my\\ fi": f"{RUN} --message @my\\ file.txt ",
    f"{RUN} --message @it": f"{RUN} --message @it\\'s\\ 5\\$.txt ",
    f'{RUN} --message "@my': f'{RUN} --message "@my file.txt" ',
    f"{RUN} --message '@my": f"{RUN} --message '@my file.txt' ",
    f'{RUN} --message "@it': f'{RUN} --message "@it\'s 5\\$.txt" ',
    f"{RUN} --message @qu": f'{RUN} --message @quo\\"te.txt ',
    f'{RUN} --message "Hello there" --assist': f'{RUN} --message "Hello there" --assistant-id ',
    f"{RUN} --message 'it'\\''s' --assist": f"{RUN} --message 'it'\\''s' --assistant-id ",
    f"{RUN} --message 'a --format b' --format ya": f"{RUN} --message 'a --format b' --format yaml ",
}
"""Lines, and what they are after a TAB at their end."""


def make_files(folder: Path, home: Path) -> None:
    """The files that the cases name."""
    for name in FILES:
        (folder / name).touch()
    (folder / "dir").mkdir()
    (folder / "dir" / "deep.md").touch()
    (home / "at_home.txt").touch()
