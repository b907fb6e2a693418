import type { Token, Tokenizer } from "../conversation/tokenSequence.ts";
import type { LabCells } from "./labCells.ts";

/**
 * Asks at the tail and answers greedily; both are erased again, as the product's side questions are, so that asking leaves
 * no trace and all questions find the same cells.
 *
 * @param end text that ends the answer
 * @param most tokens of the answer
 * @returns the answer as text, with its end
 */
export async function ask(
  cells: LabCells,
  tokenizer: Pick<Tokenizer, "decode">,
  prompt: readonly Token[],
  end: string,
  most: number,
): Promise<string> {
  const base = cells.length;
  const said: Token[] = [];
  let text = "";
  let input = prompt;
  while (said.length < most && !text.includes(end)) {
    const token = await cells.greedy(input);
    said.push(token);
    text = tokenizer.decode(said, [], true);
    input = [token];
  }
  await cells.erase([{ start: base, end: cells.length }]);
  return text;
}
