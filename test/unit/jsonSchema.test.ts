import assert from "node:assert/strict";
import { DaylongError } from "../../src/base/errors.ts";
import { checkJsonSchema } from "../../src/engine/worker/jsonSchema.ts";

const text = { type: "string" };

function refused(schema: unknown): string {
  try {
    checkJsonSchema(schema);
  } catch (error) {
    assert(error instanceof DaylongError);
    assert.equal(error.code, "schema-unsupported");
    return error.message;
  }
  return assert.fail(`accepted: ${JSON.stringify(schema)}`);
}

describe("JSON schemas for replies", () => {
  it("of every kind that the engine library keeps to are accepted", () => {
    checkJsonSchema({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      title: "A review",
      type: "object",
      properties: {
        verdict: { enum: ["good", "bad", null], description: "in one word" },
        kind: { type: "string", const: "review" },
        lines: { type: "array", items: { type: "integer" }, minItems: 1, maxItems: 3 },
        pair: { type: "array", prefixItems: [text, { type: "number" }] },
        when: { type: "string", format: "date" },
        name: { type: "string", minLength: 1, maxLength: 8 },
        either: { oneOf: [text, { type: ["null", "boolean"] }] },
        tree: { $ref: "#/$defs/tree" },
        more: { type: "object", additionalProperties: text, minProperties: 1 },
      },
      required: ["verdict", "lines"],
      $defs: { tree: { type: "object", properties: { left: { $ref: "#/$defs/tree" } } } },
    });
  });

  it("with a rule that would be passed over are refused, with the place and the rule", () => {
    const property = (schema: unknown): unknown => ({
      type: "object",
      properties: { a: { type: "array", items: schema } },
    });
    for (const [schema, rule] of [
      [{ type: "string", pattern: "^a" }, "pattern"],
      [{ type: "number", minimum: 3 }, "minimum"],
      [{ anyOf: [text] }, "type"],
      [{ type: "string", format: "email" }, "format"],
      [{ type: "array", uniqueItems: true }, "uniqueItems"],
      [{ enum: [{ a: 1 }] }, "enum"],
      [{ type: ["object", "null"] }, "types"],
      [{ $ref: "#/definitions/a" }, "$ref"],
      [{ $ref: "#/$defs/missing" }, "$ref"],
      [{ type: "object", required: ["b"] }, "required"],
      [{ type: "object", maxProperties: 2 }, "maxProperties"],
      [{ type: "string", $defs: {} }, "$defs"],
      [{}, "type"],
    ] as const) {
      const message = refused(property(schema));
      assert.ok(message.includes("#/properties/a/items"), message);
      assert.ok(message.includes(rule), `${rule}: ${message}`);
    }
  });

  it("that are no schema at all are refused", () => {
    for (const schema of [true, null, "string", [], { type: "object", properties: [] }, { oneOf: [] }]) refused(schema);
  });
});
