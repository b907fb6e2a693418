import assert from "node:assert/strict";
import fc from "fast-check";
import { DaylongError } from "../../src/base/errors.ts";
import type { PartText } from "../../src/conversation/conversationTypes.ts";
import { ConversationHarness } from "../fixtures/conversationHarness.ts";

function text(length: number, seed: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode(97 + ((index * 7 + seed) % 26))).join("");
}

const step = fc.record({
  size: fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 70 }) },
    { weight: 1, arbitrary: fc.integer({ min: 150, max: 700 }) },
  ),
  attach: fc.array(fc.integer({ min: 1, max: 140 }), { maxLength: 3 }),
  reply: fc.integer({ min: 0, max: 60 }),
  pin: fc.boolean(),
  ahead: fc.constantFrom("none", "all", "first", "other"),
  instructions: fc.constantFrom(false, false, false, true),
  stopAfter: fc.constantFrom(undefined, undefined, 4),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Everything that a plan must leave as it is. */
function books({ conversation, sequence }: ConversationHarness): unknown {
  return structuredClone({
    cells: sequence.cells,
    decoded: sequence.decodedTokens,
    appended: conversation.cache.appended,
    shifts: conversation.cache.shifts,
    segments: conversation.cache.segments.map(({ kind, key, dropped, tokens, runs }) => ({
      kind,
      key,
      dropped,
      tokens,
      runs,
    })),
    turns: conversation.rememberedTurns,
  });
}

describe("the plan of a message", () => {
  it("is what sending it then does, and changes nothing", async function () {
    this.timeout(60_000);
    const seen = { turns: 0, attachments: 0, omitted: 0, nothing: 0, ahead: 0 };
    const play = async (steps: readonly Step[]): Promise<void> => {
      let reply = "";
      const harness = new ConversationHarness({ script: () => reply });
      const { conversation } = harness;
      for (const [index, { size, attach, pin, ahead, instructions, stopAfter, ...rest }] of steps.entries()) {
        const turnId = `t${index}`;
        const attachments = attach.map((length, place): PartText => ({
          id: `${turnId}.${place}`,
          kind: "attachment",
          text: text(length, place),
        }));
        const parts = [...attachments, harness.part(`${turnId}.text`, text(size, index))];
        if (ahead === "all") await conversation.evaluateAhead(turnId, attachments);
        if (ahead === "first") await conversation.evaluateAhead(turnId, attachments.slice(0, 1));
        if (ahead === "other")
          await conversation.evaluateAhead(`o${index}`, [{ id: `o${index}.0`, kind: "attachment", text: "else" }]);
        if (instructions) conversation.changeInstructions(`be number ${index}`);
        const before = books(harness);
        const known = conversation.rememberedTurns.flatMap((turn) =>
          turn.parts.filter(({ kind }) => kind === "attachment").map((part) => ({ id: part.id, turnId: turn.turnId })),
        );
        const planning = conversation.planMessage(turnId, parts);
        const plan = await planning.catch((error: unknown) => error);
        assert.deepEqual(books(harness), before, "a plan changes nothing");
        reply = text(rest.reply, index);
        harness.userParts.set(turnId, parts);
        harness.startReply();
        if (plan instanceof Error) {
          assert.ok(plan instanceof DaylongError && plan.code === "window-too-small");
          await assert.rejects(conversation.send(turnId, parts, harness.settings()), { code: "window-too-small" });
          return;
        }
        const planned = plan as Awaited<typeof planning>;
        // What is forgotten before the first token of the reply: the reply itself may need room later.
        let remembered: Set<string> | undefined;
        let keptAttachments: Set<string> | undefined;
        const note = (): void => {
          remembered ??= new Set(conversation.rememberedTurns.map((turn) => turn.turnId));
          keptAttachments ??= new Set(conversation.rememberedTurns.flatMap((turn) => turn.parts.map(({ id }) => id)));
        };
        harness.onText = note;
        const outcome = await conversation.send(
          turnId,
          parts,
          harness.settings(stopAfter === undefined ? {} : { stopAfter }),
        );
        note();
        harness.replies.set(turnId, outcome.text);
        assert.equal(planned.promptTokens, outcome.promptTokens);
        assert.equal(planned.omittedTokens, outcome.omittedTokens);
        const gone = [...new Set(known.map(({ turnId: id }) => id))];
        assert.deepEqual(
          planned.forgottenTurnIds,
          outcome.evictedTurnIds.filter((id) => remembered?.has(id) === false),
        );
        assert.deepEqual(
          known
            .filter(({ id, turnId: owner }) => remembered?.has(owner) === true && keptAttachments?.has(id) === false)
            .map(({ id }) => id),
          planned.forgottenAttachmentIds.filter((id) =>
            gone.some((owner) => remembered?.has(owner) === true && id.startsWith(`${owner}.`)),
          ),
        );
        assert.equal(planned.messageTokens >= size + attach.reduce((sum, length) => sum + length, 0), true);
        seen.turns += planned.forgottenTurnIds.length;
        seen.attachments += planned.forgottenAttachmentIds.length;
        seen.omitted += planned.omittedTokens > 0 ? 1 : 0;
        seen.nothing += planned.forgottenTurnIds.length === 0 ? 1 : 0;
        seen.ahead += ahead === "all" && attach.length > 0 ? 1 : 0;
        harness.assertInvariants();
        if (!pin) continue;
        const last = { turnId, parts, reply: outcome.text, pinned: false };
        await conversation
          .pin(last)
          .catch((error: unknown) => assert.ok(error instanceof DaylongError && error.code === "pins-full"));
      }
    };
    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 6, maxLength: 24 }), play), { numRuns: 200 });
    for (const [what, count] of Object.entries(seen)) assert.ok(count > 50, `${what}: ${count}`);
  });

  it("is refused while a reply runs", async () => {
    const harness = new ConversationHarness({ script: () => "a long reply" });
    const { conversation } = harness;
    let refused: unknown;
    harness.onText = () => {
      void conversation
        .planMessage("b", [harness.part("b.text", "and?")])
        .catch((error: unknown) => (refused ??= error));
    };
    await conversation.send("a", [harness.part("a.text", "hello")], harness.settings());
    assert.ok(refused instanceof DaylongError && refused.code === "busy");
  });
});

describe("attachments that are read ahead", () => {
  const attachment = (id: string, length = 60): PartText => ({ id, kind: "attachment", text: text(length, id.length) });

  it("give way to another message, and what was read to its end stays", async () => {
    const harness = new ConversationHarness({ script: () => "yes" });
    const { conversation } = harness;
    await conversation.send("a", [harness.part("a.text", "hello")], harness.settings());
    harness.events.length = 0;
    const parts = [attachment("b.0"), attachment("b.00")];
    const reading = conversation.evaluateAhead("b", parts);
    while (harness.events.length < 5) await new Promise((resolve) => setImmediate(resolve));
    await conversation.bringBack({ turnId: "x", parts: [harness.part("x.text", "old")], reply: "gone", pinned: false });
    await reading;
    assert.ok(conversation.rememberedTurns.some(({ turnId }) => turnId === "x"));
    harness.assertInvariants();
  });

  it("are waited for by their own message, which evaluates nothing twice", async () => {
    const harness = new ConversationHarness({ script: () => "yes" });
    const { conversation } = harness;
    const parts = [attachment("b.0"), attachment("b.00")];
    const reading = conversation.evaluateAhead("b", parts);
    const message = [...parts, harness.part("b.text", "see")];
    harness.userParts.set("b", message);
    const outcome = await conversation.send("b", message, harness.settings());
    await reading;
    harness.replies.set("b", outcome.text);
    assert.ok(outcome.promptTokens < 60, String(outcome.promptTokens));
    harness.assertInvariants();
  });

  it("stop with their message", async () => {
    const harness = new ConversationHarness({ script: () => "yes" });
    const { conversation } = harness;
    const parts = [attachment("b.0", 100), attachment("b.00", 100)];
    const reading = conversation.evaluateAhead("b", parts);
    const outcome = await conversation.send("b", [...parts, harness.part("b.text", "see")], harness.settings(), {
      aborted: true,
    });
    await reading;
    assert.equal(outcome.stopReason, "stopped");
    assert.equal(
      harness.events.some((event) => event.startsWith("reply")),
      false,
    );
  });
});
