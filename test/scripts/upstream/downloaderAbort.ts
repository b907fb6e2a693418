// download() resolves, with the path of a file that does not exist, when its signal is aborted.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createModelDownloader } from "node-llama-cpp";

const bytes = 8 << 20;
const folder = mkdtempSync(join(tmpdir(), "daylong-upstream-"));
const server = createServer((request, response) => {
  const range = /bytes=(\d+)-(\d*)/.exec(request.headers.range ?? "");
  const first = Number(range?.[1] ?? 0);
  const last = range?.[2] === undefined || range[2] === "" ? bytes - 1 : Math.min(Number(range[2]), bytes - 1);
  response.writeHead(range === null ? 200 : 206, {
    "content-length": last - first + 1,
    "accept-ranges": "bytes",
    etag: '"1"',
    ...(range === null ? {} : { "content-range": `bytes ${first}-${last}/${bytes}` }),
  });
  let left = request.method === "HEAD" ? 0 : last - first + 1;
  const send = (): void => {
    const size = Math.min(left, 1 << 18);
    left -= size;
    if (size === 0) response.end();
    else response.write(Buffer.alloc(size), () => setTimeout(send, 20));
  };
  send();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as AddressInfo;
const abort = new AbortController();
const downloader = await createModelDownloader({
  modelUri: `http://127.0.0.1:${port}/model.gguf`,
  dirPath: folder,
  fileName: "model.gguf",
  onProgress: ({ downloadedSize }) => {
    if (downloadedSize > bytes / 4) abort.abort();
  },
});
const outcome = await downloader.download({ signal: abort.signal }).then(
  (path) => `resolved; the file ${existsSync(path) ? "exists" : "does not exist"}`,
  (error: unknown) => `rejected: ${String(error)}`,
);
console.log(`aborted download ${outcome}`);
server.closeAllConnections();
server.close();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
