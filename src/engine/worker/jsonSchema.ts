import { DaylongError } from "../../base/errors.ts";

/** Says something to people, nothing to the grammar. */
const annotations = [
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "default",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
];

const scalarTypes = ["string", "number", "integer", "boolean", "null"];

/** What may stand beside each type, besides annotations. */
const keywordsOf: Readonly<Record<string, readonly string[]>> = {
  object: ["properties", "required", "additionalProperties", "minProperties", "maxProperties"],
  array: ["items", "prefixItems", "minItems", "maxItems"],
  string: ["minLength", "maxLength", "format"],
};

const formats = ["date-time", "date", "time"];

/**
 * Checks that a JSON schema means to the engine library what it says. The library passes over what it does not know
 * (`pattern`, `minimum`, `anyOf`, …), and a reply would break a rule that its reader relies on.
 *
 * Every property is written, as if it were required; properties that are not named are left out unless
 * `additionalProperties` asks for them.
 *
 * @throws DaylongError `schema-unsupported`, with the place and the keyword
 */
export function checkJsonSchema(schema: unknown): void {
  const root = objectAt(schema, "#");
  check(root, "#", Object.keys(isObject(root["$defs"]) ? root["$defs"] : {}));
}

function check(schema: unknown, place: string, names: readonly string[]): void {
  const node = objectAt(schema, place);
  const allow = (...keywords: string[]): void => {
    const known = new Set([...annotations, ...keywords]);
    const unknown = Object.keys(node).find((keyword) => !known.has(keyword));
    if (unknown !== undefined) throw unsupported(place, `"${unknown}" cannot be kept to`);
  };
  const inner = (value: unknown, name: string): void => check(value, `${place}/${name}`, names);

  for (const [name, definition] of Object.entries(isObject(node["$defs"]) ? node["$defs"] : {})) {
    if (place !== "#") throw unsupported(place, `"$defs" belongs to the root of the schema`);
    inner(definition, `$defs/${name}`);
  }
  const defs = place === "#" ? ["$defs"] : [];

  if ("$ref" in node) {
    allow("$ref", ...defs);
    const name = /^#\/\$defs\/(.+)$/.exec(String(node["$ref"]))?.[1];
    if (name === undefined || !names.includes(name)) {
      throw unsupported(place, `"$ref" must be "#/$defs/…" and name a definition that is there`);
    }
    return;
  }
  if ("oneOf" in node) {
    allow("oneOf", ...defs);
    listAt(node["oneOf"], `${place}/oneOf`).forEach((one, index) => inner(one, `oneOf/${index}`));
    return;
  }
  if ("const" in node || "enum" in node) {
    allow("const", "enum", "type");
    const values = "const" in node ? [node["const"]] : listAt(node["enum"], `${place}/enum`);
    if (values.some((value) => typeof value === "object" && value !== null)) {
      throw unsupported(place, `a value of "enum" or "const" must be a text, a number, true, false or null`);
    }
    return;
  }
  const { type } = node;
  if (Array.isArray(type)) {
    allow("type");
    if (type.length === 0 || !type.every((one) => scalarTypes.includes(String(one)))) {
      throw unsupported(place, `a list of types may hold ${scalarTypes.join(", ")}`);
    }
    return;
  }
  if (typeof type !== "string" || (!(type in keywordsOf) && !scalarTypes.includes(type))) {
    throw unsupported(place, `"type" must be object, array, ${scalarTypes.join(", ")} or a list of the latter`);
  }
  allow("type", ...(keywordsOf[type] ?? []), ...(type === "object" || type === "array" ? defs : []));
  if (type === "string") checkString(node, place);
  if (type === "object") checkProperties(node, place, inner);
  if (type === "array") checkItems(node, place, inner);
}

function checkString(node: Schema, place: string): void {
  if (!("format" in node)) return;
  if (!formats.includes(String(node["format"]))) throw unsupported(place, `"format" may be ${formats.join(", ")}`);
  if ("minLength" in node || "maxLength" in node) throw unsupported(place, `a "format" has its own length`);
}

function checkProperties(node: Schema, place: string, inner: (value: unknown, name: string) => void): void {
  const properties = objectAt(node["properties"] ?? {}, `${place}/properties`);
  for (const [name, property] of Object.entries(properties)) inner(property, `properties/${name}`);
  const additional = node["additionalProperties"] ?? false;
  if (typeof additional !== "boolean") inner(additional, "additionalProperties");
  const required = listOrNone(node["required"], `${place}/required`).map((name) => JSON.stringify(name));
  const declared = new Set(Object.keys(properties).map((name) => JSON.stringify(name)));
  const missing = required.find((name) => !declared.has(name));
  if (missing !== undefined) throw unsupported(place, `"required" names ${missing}, which has no schema`);
  const bounded = "minProperties" in node || "maxProperties" in node;
  if (bounded && additional === false) {
    throw unsupported(place, `"minProperties" and "maxProperties" need "additionalProperties"`);
  }
}

function checkItems(node: Schema, place: string, inner: (value: unknown, name: string) => void): void {
  if ("items" in node) inner(node["items"], "items");
  listOrNone(node["prefixItems"], `${place}/prefixItems`).forEach((item, index) => inner(item, `prefixItems/${index}`));
}

type Schema = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Schema {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function objectAt(value: unknown, place: string): Schema {
  if (isObject(value)) return value;
  throw unsupported(place, "an object is expected here");
}

function listAt(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value) && value.length > 0) return value;
  throw unsupported(place, "a list with at least one entry is expected here");
}

function listOrNone(value: unknown, place: string): readonly unknown[] {
  return value === undefined || (Array.isArray(value) && value.length === 0) ? [] : listAt(value, place);
}

function unsupported(place: string, what: string): DaylongError {
  return new DaylongError(
    "schema-unsupported",
    `Replies cannot be held to this JSON schema: at ${place}, ${what}. Leave it out, or say it in the message instead.`,
  );
}
