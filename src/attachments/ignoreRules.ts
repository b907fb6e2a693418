interface Rule {
  readonly pattern: RegExp;
  readonly negated: boolean;
  readonly foldersOnly: boolean;
}

/** The rules of `.gitignore` files, each with the folder that it stands in. */
export class IgnoreRules {
  private readonly rules: Rule[];

  /** @param files folder relative to the root, with `/` between names, "" for the root; outermost first */
  constructor(files: readonly { readonly folder: string; readonly text: string }[]) {
    this.rules = files.flatMap(({ folder, text }) => text.split(/\r?\n/).flatMap((line) => ruleOf(folder, line)));
  }

  /** @param path relative to the root; a folder that is ignored takes all that is in it with it */
  ignores(path: string, isFolder = false): boolean {
    const names = path.replace(/\/$/, "").split("/");
    return names.some((_, index) => {
      const isLast = index === names.length - 1;
      return this.ignoresItself(names.slice(0, index + 1).join("/"), isLast ? isFolder : true);
    });
  }

  private ignoresItself(path: string, isFolder: boolean): boolean {
    if (path === ".git" || path.endsWith("/.git")) return true;
    const last = this.rules.findLast(({ pattern, foldersOnly }) => (isFolder || !foldersOnly) && pattern.test(path));
    return last !== undefined && !last.negated;
  }
}

function ruleOf(folder: string, line: string): Rule[] {
  let glob = line.replace(/(?<!\\)\s+$/, "");
  if (glob === "" || glob.startsWith("#")) return [];
  const negated = glob.startsWith("!");
  if (negated) glob = glob.slice(1);
  glob = glob.replace(/^\\/, "");
  const foldersOnly = glob.endsWith("/");
  if (foldersOnly) glob = glob.slice(0, -1);
  const anchored = glob.includes("/");
  glob = glob.replace(/^\//, "");
  const base = folder === "" ? "" : `${escape(folder)}/`;
  try {
    const pattern = new RegExp(`^${base}${anchored ? "" : "(?:.*/)?"}${translate(glob)}$`);
    return [{ pattern, negated, foldersOnly }];
  } catch {
    return []; // a class that is none, say
  }
}

function translate(glob: string): string {
  return glob.replace(/\*\*\/|\/\*\*$|\*\*|\*|\?|\[!?[^\]]*\]|\\.|[^*?[\\]+|./g, (piece) => {
    switch (piece) {
      case "**/":
        return "(?:.*/)?";
      case "/**":
        return "/.*";
      case "**":
        return ".*";
      case "*":
        return "[^/]*";
      case "?":
        return "[^/]";
    }
    if (piece.startsWith("[") && piece.length > 1) return piece.replace(/^\[!/, "[^").replaceAll("\\", "\\\\");
    return piece.startsWith("\\") ? escape(piece.slice(1)) : escape(piece);
  });
}

function escape(text: string): string {
  return text.replace(/[.+^${}()|[\]\\*?]/g, "\\$&");
}
