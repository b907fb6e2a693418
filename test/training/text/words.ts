import { demoWords } from "../../../src/lab/factLines.ts";

/**
 * Words that keys of facts and names in code are made of: those that the lab asks about. Few and short, so that a small
 * vocabulary has a token for each.
 */
export const { adjectives, nouns } = demoWords;

export const verbs = "open close parse read write send load save merge split sort map trim join scan check".split(" ");
