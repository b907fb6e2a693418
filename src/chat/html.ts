export interface PageOptions {
  /** Origin from which the view may load its own files; VS Code's `cspSource`. */
  readonly source: string;
  readonly script: string;
  readonly style: string;
  /** Fresh for each page. */
  readonly nonce: string;
  /** BCP 47 tag. */
  readonly language: string;
  readonly title: string;
}

/**
 * The page of the chat view. Nothing may load but our own script, style and icon font: whatever a model writes can
 * neither run nor send a request, even if it got past the sanitiser.
 */
export function chatPage({ source, script, style, nonce, language, title }: PageOptions): string {
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src ${source}`,
    `font-src ${source}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="${escapeAttribute(language)}">
  <head>
    <meta charset="utf-8" />
    <meta http-equiv="Content-Security-Policy" content="${policy}" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${escapeAttribute(title)}</title>
    <link rel="stylesheet" href="${escapeAttribute(style)}" />
  </head>
  <body>
    <div id="root"></div>
    <script nonce="${nonce}" src="${escapeAttribute(script)}"></script>
  </body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
}
