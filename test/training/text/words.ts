/** Words that keys of facts and names in code are made of. Few and short, so that a small vocabulary has a token for each. */
export const adjectives =
  "red blue green dark light quick slow warm cold sharp loud quiet small large old new soft hard wild calm deep flat rich late".split(
    " ",
  );

export const nouns = (
  "parser server client buffer token cache index socket worker thread module vector matrix editor panel model " +
  "layer queue stack table cursor window button folder record packet signal stream handle filter logger router"
).split(" ");

export const verbs = "open close parse read write send load save merge split sort map trim join scan check".split(" ");
