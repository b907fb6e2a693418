import highlighter from "highlight.js/lib/core";
import bash from "highlight.js/lib/languages/bash";
import c from "highlight.js/lib/languages/c";
import cpp from "highlight.js/lib/languages/cpp";
import csharp from "highlight.js/lib/languages/csharp";
import css from "highlight.js/lib/languages/css";
import diff from "highlight.js/lib/languages/diff";
import dockerfile from "highlight.js/lib/languages/dockerfile";
import go from "highlight.js/lib/languages/go";
import ini from "highlight.js/lib/languages/ini";
import java from "highlight.js/lib/languages/java";
import javascript from "highlight.js/lib/languages/javascript";
import json from "highlight.js/lib/languages/json";
import kotlin from "highlight.js/lib/languages/kotlin";
import lua from "highlight.js/lib/languages/lua";
import makefile from "highlight.js/lib/languages/makefile";
import markdown from "highlight.js/lib/languages/markdown";
import php from "highlight.js/lib/languages/php";
import powershell from "highlight.js/lib/languages/powershell";
import python from "highlight.js/lib/languages/python";
import ruby from "highlight.js/lib/languages/ruby";
import rust from "highlight.js/lib/languages/rust";
import scss from "highlight.js/lib/languages/scss";
import sql from "highlight.js/lib/languages/sql";
import swift from "highlight.js/lib/languages/swift";
import typescript from "highlight.js/lib/languages/typescript";
import xml from "highlight.js/lib/languages/xml";
import yaml from "highlight.js/lib/languages/yaml";

const languages = {
  bash,
  c,
  cpp,
  csharp,
  css,
  diff,
  dockerfile,
  go,
  ini,
  java,
  javascript,
  json,
  kotlin,
  lua,
  makefile,
  markdown,
  php,
  powershell,
  python,
  ruby,
  rust,
  scss,
  sql,
  swift,
  typescript,
  xml,
  yaml,
};

for (const [name, definition] of Object.entries(languages)) highlighter.registerLanguage(name, definition);
highlighter.registerAliases(["shell", "shellscript", "console"], { languageName: "bash" });
highlighter.registerAliases(["vue", "svelte"], { languageName: "xml" });
highlighter.registerAliases(["jsonc", "json5"], { languageName: "json" });

/** Longest code that is coloured, in characters, and its longest line: the grammars are slow on minified files. */
const maximalCode = 60_000;
const maximalLine = 2_000;

/** HTML of the code with its words in `<span class="hljs-…">`; undefined where it is to be shown as it is. */
export function highlight(code: string, language: string): string | undefined {
  if (code.length > maximalCode || highlighter.getLanguage(language) === undefined) return undefined;
  if (code.split("\n").some((line) => line.length > maximalLine)) return undefined;
  return highlighter.highlight(code, { language, ignoreIllegals: true }).value;
}
