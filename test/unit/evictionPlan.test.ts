import assert from "node:assert/strict";
import fc from "fast-check";
import { evictionLimits, maxShifts, planEviction, type EvictableTurn } from "../../src/conversation/evictionPlan.ts";
import { Segment, type SegmentKind } from "../../src/conversation/segment.ts";

function segment(kind: SegmentKind, key: string, turnId: string, size: number): Segment {
  const made = new Segment(kind, key, turnId);
  made.append(Array.from({ length: size }, (_, index) => index));
  return made;
}

function turn(
  turnId: string,
  sizes: { text?: number; attachment?: number; reply?: number },
  flags: { pinned?: boolean; live?: boolean } = {},
): EvictableTurn {
  const segments = [
    segment("glue", "g", turnId, 5),
    segment("attachment", `${turnId}.a`, turnId, sizes.attachment ?? 0),
    segment("text", `${turnId}.t`, turnId, sizes.text ?? 20),
    segment("reply", `${turnId}.r`, turnId, sizes.reply ?? 30),
  ];
  return { turnId, pinned: flags.pinned ?? false, live: flags.live ?? false, segments };
}

const used = (turns: readonly EvictableTurn[]): number =>
  turns.flatMap((entry) => entry.segments).reduce((sum, entry) => sum + entry.tokens.length, 0);

describe("eviction plan", () => {
  it("keeps max(128, window/8) in reserve and evicts above window − 1 − reserve", () => {
    assert.deepEqual(evictionLimits(512), { reserve: 128, highWater: 383, lowWater: 319 });
    assert.deepEqual(evictionLimits(1024), { reserve: 128, highWater: 895, lowWater: 767 });
    assert.deepEqual(evictionLimits(8192), { reserve: 1024, highWater: 7167, lowWater: 6143 });
  });

  it("does nothing while there is room", () => {
    assert.equal(planEviction([turn("a", {})], 383, 0, evictionLimits(512)), undefined);
    assert.notEqual(planEviction([turn("a", {})], 383, 1, evictionLimits(512)), undefined);
  });

  it("forgets the oldest turns first, never a pinned one", () => {
    const turns = [
      turn("a", { reply: 60 }, { pinned: true }),
      turn("b", { reply: 60 }),
      turn("c", { reply: 60 }),
      turn("d", {}, { live: true }),
    ];
    const plan = planEviction(turns, 380, 20, evictionLimits(512));
    assert.deepEqual(plan?.turnIds, ["b"]);
  });

  it("forgets attachments of old turns before turns", () => {
    const turns = [
      turn("a", { reply: 60 }),
      turn("b", { attachment: 200 }),
      turn("c", { attachment: 90 }, { live: true }),
    ];
    const plan = planEviction(turns, 380, 20, evictionLimits(512));
    assert.deepEqual(plan?.attachmentIds, ["b.a"]);
    assert.deepEqual(plan.turnIds, []);
  });

  it("trims the live turn's oldest content only when nothing else is left, and its glue never", () => {
    const turns = [turn("a", {}), turn("b", { attachment: 40, text: 100, reply: 220 }, { live: true })];
    const plan = planEviction(turns, 383, 1, evictionLimits(512));
    assert.deepEqual(plan?.turnIds, ["a"]);
    assert.deepEqual(
      [...plan.trims],
      [
        ["b.a", 40],
        ["b.t", 9],
      ],
    );
  });

  it("frees at least a quarter of what may be forgotten, down to the low-water mark", () => {
    const sizes = fc.record({ text: fc.nat(200), attachment: fc.nat(200), reply: fc.nat(400) });
    fc.assert(
      fc.property(
        fc.array(sizes, { minLength: 1, maxLength: 12 }),
        fc.nat(300),
        fc.constantFrom(512, 1024, 4096),
        (list, needed, contextSize) => {
          const turns = list.map((entry, index) =>
            turn(`t${index}`, entry, { live: index === list.length - 1, pinned: index % 5 === 2 }),
          );
          const limits = evictionLimits(contextSize);
          const plan = planEviction(turns, used(turns), needed, limits);
          if (plan === undefined) return used(turns) + needed <= limits.highWater;
          const most = plan.evictable;
          return plan.freed >= Math.min(most, Math.max(Math.ceil(most / 4), used(turns) + needed - limits.lowWater));
        },
      ),
    );
  });

  it("forgets a turn that was moved often enough rather than move it again", () => {
    const turns = [
      turn("a", { reply: 200 }),
      turn("b", { reply: 10 }),
      turn("c", { reply: 60 }),
      turn("d", {}, { live: true }),
    ];
    for (let shift = 0; shift < maxShifts; shift++) for (const entry of turns[1]!.segments) entry.countShift();
    const plan = planEviction(turns, 383, 1, evictionLimits(512));
    assert.deepEqual(plan?.turnIds, ["a", "b"]);
  });
});
