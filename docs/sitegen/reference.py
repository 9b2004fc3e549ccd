"""Reference pages: keys of params.yaml and fields of JSON files from their schemas, the command line from its help."""

import json
from pathlib import Path
from typing import Any

import click

from boardbench.cli import program
from boardbench.verbs import GROUPS, VERBS
from sitegen.writing import code, joined, words_table

Schema = dict[str, Any]
PARAMS = {
    "segmentation": "Components on hyperspectral captures of boards.",
    "placement": "Where a chip sits on a photo of its board.",
    "classification": "What the efficiency techniques gain on images that everybody knows.",
}


def _type(schema: Schema) -> str:
    """Return what a value may be, in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"]))
    if "$ref" in schema:
        return schema["$ref"].rsplit("/", 1)[1]
    if "enum" in schema or "const" in schema:
        return ", ".join(f"`{value}`" for value in schema.get("enum", [schema.get("const")]))
    if "prefixItems" in schema:
        return "[" + ", ".join(_type(one) for one in schema["prefixItems"]) + "]"
    kind = schema.get("type", "any")
    if kind == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"table of {_type(schema['additionalProperties'])}"
    ends = [_end(schema, "minimum", "exclusiveMinimum"), _end(schema, "maximum", "exclusiveMaximum")]
    limits = f", {ends[0] or '…'} to {ends[1] or '…'}" if any(ends) else ""
    return {"string": "text", "null": "null"}.get(kind, kind) + limits


def _end(schema: Schema, closed: str, open_: str) -> str:
    if closed in schema:
        return str(schema[closed])
    return f"beyond {schema[open_]:g}" if open_ in schema else ""


def _section(schema: Schema, definitions: Schema) -> Schema | None:
    """Return the definition that a key's value is a section of; None for a value."""
    if "$ref" in schema and (named := definitions[schema["$ref"].rsplit("/", 1)[1]]).get("type") == "object":
        return named
    return None


def _listed(schema: Schema, definitions: Schema) -> tuple[str, Schema] | None:
    """Return name and definition of the entries of a list of sections; None for another list."""
    for one in [schema, *schema.get("anyOf", [])]:
        items = one.get("items", {})
        if _section(items, definitions):
            return items["$ref"].rsplit("/", 1)[1], _section(items, definitions)
    return None


def _keys(path: str, section: Schema, definitions: Schema, depth: int) -> list[str]:
    """Return the headings and tables of a section of params.yaml and of those below it."""
    values, below = [], []
    for key, schema in section.get("properties", {}).items():
        named = _section(schema, definitions)
        if named:
            below += _keys(f"{path}.{key}", named, definitions, depth + 1)
            continue
        default = json.dumps(schema["default"]) if "default" in schema else ""
        shown = f"`{default}`" if default and len(default) < 60 else "see params.yaml" if default else "required"
        values.append([f"`{key}`", shown, _type(schema), code(schema.get("description", ""))])
        if listed := _listed(schema, definitions):
            below += _keys(f"{path}.{key}[]", listed[1], definitions, depth + 1)
    title = f"{'#' * min(depth, 4)} {path.split('.', 1)[-1]}"  # the page has the study's name
    table = words_table(["key", "default", "value", "meaning"], values) if values else ""
    return [title, code(section.get("description", "")), table, *below]


def params_pages(path: Path) -> dict[str, str]:
    """Return the pages of params.yaml's keys by address.

    Args:
        path: JSON schema of params.yaml.
    """
    schema = json.loads(path.read_text(encoding="utf-8"))
    definitions = schema["$defs"]
    top = {key: value for key, value in schema["properties"].items() if key not in PARAMS}
    made = {
        "params/index.md": joined(
            "# params.yaml",
            "Every knob, with its default and its unit. An unknown key is refused with the nearest right one. The same "
            "word is a flag of the verb that uses it. The first line of the file names the JSON schema, by which an "
            "editor completes and checks keys.",
            words_table(
                ["key", "value", "meaning"],
                [[f"`{key}`", _type(value), code(value.get("description", ""))] for key, value in top.items()]
                + [[f"[`{name}`]({name}.md)", "section", text] for name, text in PARAMS.items()],
            ),
        )
    }
    for name in PARAMS:
        section = _section(schema["properties"][name], definitions)
        made[f"params/{name}.md"] = joined(*_keys(name, section, definitions, 1))
    return made


def formats(path: Path) -> str:
    """Return the models of all JSON files: a heading and a table each.

    Args:
        path: their JSON schema.
    """
    definitions = json.loads(path.read_text(encoding="utf-8"))["$defs"]
    parts = []
    for name, schema in definitions.items():
        required = schema.get("required", [])
        rows = [
            [f"`{key}`", "yes" if key in required else "", _type(value), code(value.get("description", ""))]
            for key, value in schema.get("properties", {}).items()
        ]
        described = any(row[-1] for row in rows)
        head = ["field", "required", "value", *(["meaning"] if described else [])]
        table = words_table(head, [row if described else row[:-1] for row in rows]) if rows else ""
        parts += [f"### {name}", code(schema.get("description", "")), table]
    return joined(*parts)


EVERYDAY = ("doctor", "new", "check", "labels", "fetch", "sensor", "predict", "inspect", "export", "prune", "stream")
EVERYDAY += ("cameras", "reference", "verify", "ui", "sync")


def _group(verb: str) -> str:
    first = verb.split()[0]
    return first if first in PARAMS else "index" if first in EVERYDAY else "other"


CLI_PAGES = ("index", *PARAMS, "other")


def cli_pages() -> dict[str, str]:
    """Return the pages of the command line by address; help is read from source, so nothing heavy is imported."""
    made = {}
    for page in CLI_PAGES:
        verbs = [verb for verb in VERBS if _group(verb) == page]
        title = {"index": "# The command line", "other": "# Other verbs"}.get(page, f"# boardbench {page}")
        text = {
            "index": "The verbs that a person calls. The rules of the workflow call the others: "
            + ", ".join(f"[{name}]({name}.md)" for name in CLI_PAGES[1:])
            + ". A flag that stands for a key of params.yaml has its name.",
            "other": "What the workflow calls for all studies, and what maintainers use.",
        }.get(page) or GROUPS[page]
        listed = words_table(
            ["verb", "what it does"], [[f"[`{verb}`](#{_anchor(verb)})", VERBS[verb][1]] for verb in verbs]
        )
        made[f"cli/{page}.md"] = joined(title, text, listed, *[_verb(verb) for verb in verbs])
    return made


def _anchor(verb: str) -> str:
    return "boardbench-" + verb.replace(" ", "-")


def command_of(verb: str) -> click.Command:
    """Return a verb's command."""
    command: click.Command = program()
    context = click.Context(command, info_name="boardbench")
    for word in verb.split():
        command = command.get_command(context, word)
        context = click.Context(command, info_name=word, parent=context)
    return command


def _verb(verb: str) -> str:
    command = command_of(verb)
    names = [one.make_metavar(click.Context(command)) for one in command.params if isinstance(one, click.Argument)]
    rows = [
        [f"`{option.opts[0]}`", "yes" if option.required else _default(option), code(option.help or "")]
        for option in command.params
        if isinstance(option, click.Option)
    ]
    usage = " ".join(["boardbench", verb, *names, "[OPTIONS]" if rows else ""]).strip()
    return joined(
        f"## boardbench {verb}",
        f"```text\n{usage}\n```",
        code(command.help or ""),
        f"```text\n{command.epilog}\n```" if command.epilog else "",
        words_table(["flag", "required or default", "meaning"], rows) if rows else "",
    )


def _default(option: click.Option) -> str:
    if option.is_flag or option.default is None or option.multiple or not isinstance(option.default, (str, int, float)):
        return f"`{option.default}`" if isinstance(option.default, Path) else ""
    return f"`{option.default}`"
