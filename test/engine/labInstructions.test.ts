import assert from "node:assert/strict";
import { LlamaEngine } from "../../src/engine/worker/llamaEngine.ts";
import { LabCells } from "../../src/lab/labCells.ts";
import { probeConversation } from "../../src/lab/probeConversation.ts";
import { demoRules } from "../../src/lab/ruledTalk.ts";
import { demoModel } from "../fixtures/engine/paths.ts";

describe("instructions, probed in a conversation of the demo model", () => {
  const engine = new LlamaEngine(() => undefined);
  after(() => engine.dispose());

  it("leaves no trace, and finds what a fresh evaluation finds", async () => {
    const contextSize = 512;
    const { systemPrompt, probes } = demoRules(1);
    await engine.load({ modelPath: demoModel, contextSize, systemPrompt, gpu: false, threads: 1 });
    const context = await engine.opened.runtime.model.createContext({ contextSize, threads: 1 });
    const fresh = new LabCells(context, () => context.dispose());

    let followed = 0;
    const chat = async (probed: boolean): Promise<readonly string[]> => {
      const { shifts: before } = (await engine.reset()).counters;
      const talk = demoRules(1);
      const replies: string[] = [];
      let shifts = 0;
      for (let turn = 0; shifts < 2; turn++) {
        const parts = [{ id: `t${turn}.text`, kind: "text" as const, text: talk.next() }];
        const result = await engine.send(
          { turnId: `t${turn}`, parts },
          { sampling: { temperature: 0, maxTokens: 40 } },
        );
        replies.push(result.text);
        shifts = result.cache.counters.shifts - before;
        if (!probed || turn % 4 !== 1) continue;
        const cells = [...engine.opened.sequence.tokens];
        for (const [index, probe] of probes.entries()) {
          const found = await probeConversation(engine, fresh, `p${turn}.${index}`, probe, 16);
          assert.equal(found.followed, found.followedAnew);
          if (found.followed) followed++;
          assert(found.divergences.length > 3 && found.sameTokens.every(Boolean));
          // From the second layer on, kept values rightly carry traces of what was forgotten: not the same, but close.
          assert(Math.max(...found.divergences) < (turn === 1 ? 0.01 : 0.3), String(found.divergences));
          assert.deepEqual(engine.opened.sequence.tokens.slice(0, cells.length), cells);
        }
      }
      return replies;
    };
    const plain = await chat(false);
    assert.deepEqual(await chat(true), plain);
    assert(followed >= 3, `the demo model follows now and then: ${followed}`);
    await fresh.dispose();
  });
});
