import assert from "node:assert/strict";
import * as vscode from "vscode";
import { readAttachment } from "../../src/attachments/readAttachment.ts";
import { WorkspaceAttachments } from "../../src/attachments/workspaceAttachments.ts";
import { daylong } from "./daylong.ts";

const plainly = (message: string): string => message;

/** A file system of its own: what a virtual workspace looks like. */
class VirtualFiles implements vscode.FileSystemProvider {
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;
  private readonly text = new TextEncoder().encode("virtual text\n");
  watch = (): vscode.Disposable => new vscode.Disposable(() => undefined);
  stat = (): vscode.FileStat => ({ type: vscode.FileType.File, ctime: 0, mtime: 0, size: this.text.length });
  readFile = (): Uint8Array => this.text;
  readDirectory = (): [string, vscode.FileType][] => [];
  createDirectory = (): void => undefined;
  writeFile = (): void => undefined;
  delete = (): void => undefined;
  rename = (): void => undefined;
}

describe("what can be attached", () => {
  const workspace = new WorkspaceAttachments();
  let root: vscode.Uri;
  const write = (name: string, content: string | Uint8Array): Thenable<void> =>
    vscode.workspace.fs.writeFile(
      vscode.Uri.joinPath(root, name),
      typeof content === "string" ? new TextEncoder().encode(content) : content,
    );
  const read = (uri: vscode.Uri) =>
    readAttachment(workspace, { kind: "file", uri: uri.toString(), firstLine: 0, lastLine: 0 }, plainly);

  before(async () => {
    await daylong().activate();
    const folder = vscode.workspace.workspaceFolders?.[0];
    assert.ok(folder !== undefined);
    root = folder.uri;
    await write(".gitignore", "secret.ts\nout/\n");
    await write("secret.ts", "const secret = 1;\n");
    await write("out/made.js", "made();\n");
    await write("lib/deep/er.ts", "export const er = 1;\n");
    await write("logo.png", Uint8Array.from([0x89, 0x50, 0, 0, 1]));
    await write("big.csv", "x,".repeat(600_000));
    await write("latin.txt", Uint8Array.from([0x47, 0x72, 0xc3, 0xbc, 0xc3, 0x9f, 0x65]));
  });

  after(() => workspace.dispose());

  it("is a file of the workspace, by its path there, as it stands in its editor", async () => {
    const uri = vscode.Uri.joinPath(root, "table.ts");
    const before = await read(uri);
    assert.deepEqual([before.label, before.hint], ["table.ts", ""]);
    const editor = await vscode.window.showTextDocument(uri);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "// unsaved\n"));
    assert.match((await read(uri)).text, /\/\/ unsaved/);
    editor.selection = new vscode.Selection(0, 0, 1, 0);
    assert.deepEqual(await workspace.selection(), { kind: "file", uri: uri.toString(), firstLine: 1, lastLine: 1 });
    await vscode.commands.executeCommand("workbench.action.files.revert");
  });

  it("is an untitled document, and a file of another file system", async () => {
    const document = await vscode.workspace.openTextDocument({ content: "never saved", language: "plaintext" });
    assert.match((await read(document.uri)).text, /never saved/);
    const provider = vscode.workspace.registerFileSystemProvider("daylong-virtual", new VirtualFiles());
    try {
      assert.match((await read(vscode.Uri.parse("daylong-virtual:/a/b.txt"))).text, /virtual text/);
    } finally {
      provider.dispose();
    }
    assert.match((await read(vscode.Uri.joinPath(root, "latin.txt"))).text, /Grüße/);
  });

  it("is not what is no text, too large, gone or a folder, and each says so", async () => {
    const at = (name: string): vscode.Uri => vscode.Uri.joinPath(root, name);
    await assert.rejects(read(at("logo.png")), { code: "attachment-binary", message: /logo\.png is not a text file/ });
    await assert.rejects(read(at("big.csv")), { code: "attachment-too-large", message: /1\.1 MB/ });
    await assert.rejects(read(at("gone.ts")), { code: "attachment-not-found" });
    await assert.rejects(read(at("lib")), { code: "attachment-unreadable", message: /is a folder/ });
  });

  it("is listed without what is ignored, which can be named all the same", async () => {
    const paths = (await workspace.candidates()).map(({ path }) => path);
    assert.ok(
      ["table.ts", "lib/deep/er.ts", "lib", "lib/deep"].every((path) => paths.includes(path)),
      paths.join(),
    );
    assert.deepEqual(
      paths.filter((path) => /secret|made|^out/.test(path)),
      [],
    );
    assert.notEqual((await read(vscode.Uri.joinPath(root, "secret.ts"))).hint, "");
    const outline = await workspace.outline(root.toString());
    const names = outline.entries.map(({ depth, name }) => `${depth}${name}`);
    assert.ok(names.includes("0lib") && names.includes("1deep") && names.includes("2er.ts"), names.join());
    assert.equal(
      names.some((name) => /secret|out|made/.test(name)),
      false,
    );
  });

  it("is found by any way to write its place", async () => {
    const uri = vscode.Uri.joinPath(root, "lib/deep/er.ts");
    for (const place of [uri.toString(), uri.path, "lib/deep/er.ts", "./lib/deep/er.ts", "lib\\deep\\er.ts:1:2"]) {
      assert.deepEqual(await workspace.find(place), { uri: uri.toString(), isFolder: false }, place);
    }
    assert.equal((await workspace.find("lib"))?.isFolder, true);
    assert.equal(await workspace.find("lib/no.ts"), undefined);
    assert.equal(await workspace.find("nowhere:/a/b"), undefined);
  });

  it("is what the editor reports, of the file that is looked at", async () => {
    const uri = vscode.Uri.joinPath(root, "table.ts");
    await vscode.window.showTextDocument(uri);
    const collection = vscode.languages.createDiagnosticCollection("attachments-test");
    const warning = new vscode.Diagnostic(new vscode.Range(0, 0, 0, 3), "Odd.", vscode.DiagnosticSeverity.Warning);
    collection.set(uri, [warning, new vscode.Diagnostic(new vscode.Range(1, 0, 1, 3), "Wrong.")]);
    collection.set(vscode.Uri.joinPath(root, "lib/deep/er.ts"), [
      new vscode.Diagnostic(new vscode.Range(0, 0, 0, 1), "Far."),
    ]);
    try {
      const problems = (await workspace.problems()).map(({ path, line, severity, message }) => [
        path,
        line,
        severity,
        message,
      ]);
      assert.deepEqual(problems, [
        ["table.ts", 2, "error", "Wrong."],
        ["table.ts", 1, "warning", "Odd."],
      ]);
    } finally {
      collection.dispose();
    }
  });

  it("tells when a file changes, typed or on the disk", async () => {
    const uri = vscode.Uri.joinPath(root, "lib/deep/er.ts");
    const changed = new Promise<string>((resolve) => workspace.onDidChangeFile(resolve));
    const editor = await vscode.window.showTextDocument(uri);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), " "));
    assert.equal(await changed, uri.toString());
    await vscode.commands.executeCommand("workbench.action.files.revert");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
  });
});
