import { SeededRandom } from "../../fixtures/gguf/randomWeights.ts";
import { pick } from "./factLines.ts";

const states = (
  "amber birch cedar delta ember frost grove harbor iris jade kelp lotus maple north ocean pearl quartz river stone tiger " +
  "umber violet willow yarrow zinc anchor bridge castle dune eagle forest garden"
).split(" ");

/** After one of these the word before it stands once more. */
const triggers = ["ditto", "again", "twice"];
const triggerShare = 0.1;

/** The same in each corpus, so that it can be learned. */
const successors = chainSuccessors(new SeededRandom(7));

function chainSuccessors(random: SeededRandom): ReadonlyMap<string, readonly string[]> {
  return new Map(states.map((state) => [state, Array.from({ length: 4 }, () => pick(states, random))]));
}

/**
 * A Markov chain of words with triggers that copy (the Bigram-Backcopy task of Guo et al. 2024, "Active-Dormant
 * Attention Heads"). Heads that copy have nothing to do at all other words: there an attention sink can form.
 */
export function wordChain(random: SeededRandom): string {
  let state = pick(states, random);
  let text = state;
  for (let length = 60 + random.below(120); length > 0; length--) {
    if (random.next() < triggerShare) text += ` ${pick(triggers, random)} ${state}`;
    state = pick(successors.get(state)!, random);
    text += ` ${state}`;
  }
  return `${text}\n`;
}
