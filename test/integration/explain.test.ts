import assert from "node:assert/strict";
import * as vscode from "vscode";
import type { ExplanationThread } from "../../src/explain/explanationThread.ts";
import type { DaylongApi } from "../../src/extension.ts";
import { daylong } from "./daylong.ts";

const code = "function openCache(cache: Cache) {\n    return cache.open();\n}";

async function waitFor<T>(what: string, find: () => T | undefined | false, timeoutMs = 20_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = find();
    if (found !== undefined && found !== false) return found;
    assert.ok(Date.now() < deadline, `in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function shown(thread: ExplanationThread): string {
  return thread.thread.comments
    .map(({ body }) => (typeof body === "string" ? body : body.value))
    .join("\n")
    .trim();
}

const rangeOf = (thread: ExplanationThread): number[] => {
  const { range } = thread.thread;
  assert.ok(range !== undefined);
  return [range.start.line, range.start.character, range.end.line, range.end.character];
};

describe("explaining code", () => {
  let api: DaylongApi;

  async function openText(text: string, language = "typescript"): Promise<vscode.TextEditor> {
    return vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ content: text, language }));
  }

  /** Runs the command on the active editor, and waits for the answer. */
  async function explain(command = "daylong.explain"): Promise<ExplanationThread> {
    const before = new Set(api.explanations.all);
    await vscode.commands.executeCommand(command);
    const thread = api.explanations.all.find((each) => !before.has(each));
    assert.ok(thread !== undefined, "a new thread");
    return thread;
  }

  function assertAnswered(thread: ExplanationThread, count = 1): void {
    assert.deepEqual(
      thread.answers.map(({ status }) => status),
      Array<string>(count).fill("done"),
    );
    for (const { text } of thread.answers) assert.notEqual(text.trim(), "");
    assert.ok(shown(thread).includes(thread.answers[0]?.text.trim().slice(0, 20) ?? "nothing"));
  }

  /** The demo model's likeliest words: what a toy says otherwise is chance. */
  async function setTemperature(value: number | undefined): Promise<void> {
    const settings = vscode.workspace.getConfiguration("daylong");
    await settings.update("reply.temperature", value, vscode.ConfigurationTarget.Global);
  }

  before(async () => {
    api = await daylong().activate();
    await setTemperature(0);
  });

  after(() => setTemperature(undefined));

  afterEach(async () => {
    for (const thread of api.explanations.all) thread.dispose();
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await vscode.commands.executeCommand("workbench.action.closeAllEditors");
    // The next unsaved document gets the same name: this one must be gone before.
    const isUnsaved = ({ uri }: vscode.TextDocument): boolean => uri.scheme === "untitled";
    await waitFor("unsaved documents to go", () => !vscode.workspace.textDocuments.some(isUnsaved));
  });

  it("offers to choose a model when there is none: nothing without one, and with one it goes on", async () => {
    await openText(code);
    const refused = vscode.commands.executeCommand("daylong.explain");
    await waitFor("a thread", () => api.explanations.all[0]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
    await refused;
    assert.equal(api.explanations.all.length, 0, "an explanation that will never come is not left standing");

    const accepted = vscode.commands.executeCommand("daylong.explain");
    const thread = await waitFor("a thread", () => api.explanations.all[0]);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await vscode.commands.executeCommand("workbench.action.quickOpenSelectNext");
    await vscode.commands.executeCommand("workbench.action.acceptSelectedQuickOpenItem");
    await accepted;
    assertAnswered(thread);
    assert.match(thread.answerText(), /openCache/);
  });

  it("shows the answer at the selected lines, without the blank ones around them", async () => {
    const editor = await openText(`const a = 1;\n\n${code}\n\n\nconst b = 2;\n`);
    editor.selection = new vscode.Selection(1, 0, 6, 0);
    const thread = await explain();
    assertAnswered(thread);
    assert.deepEqual(rangeOf(thread), [2, 0, 4, 1]);
    assert.equal(thread.thread.label, "Explanation, lines 3–5");
    assert.equal(thread.thread.collapsibleState, vscode.CommentThreadCollapsibleState.Expanded);
    assert.equal(thread.code.excerpt.code, code);
  });

  it("takes the symbol around the cursor when nothing is selected, and else the paragraph", async () => {
    const provider = vscode.languages.registerDocumentSymbolProvider("plaintext", {
      provideDocumentSymbols: () => [
        new vscode.DocumentSymbol(
          "open",
          "",
          vscode.SymbolKind.Function,
          new vscode.Range(0, 0, 3, 1),
          new vscode.Range(0, 0, 0, 4),
        ),
      ],
    });
    try {
      const editor = await openText("open() {\n\n  it\n}\n\nelsewhere\nand on\n", "plaintext");
      editor.selection = new vscode.Selection(2, 0, 2, 0);
      assert.deepEqual(rangeOf(await explain()), [0, 0, 3, 1]);
      editor.selection = new vscode.Selection(5, 3, 5, 3);
      const paragraph = await explain();
      assert.deepEqual(rangeOf(paragraph), [5, 0, 6, 6]);
      assert.deepEqual(paragraph.code.excerpt.before, ["open() {", "", "  it", "}", ""]);
      editor.selection = new vscode.Selection(2, 2, 2, 4);
      assert.deepEqual((await explain()).code.excerpt.enclosing, ["function open"]);
    } finally {
      provider.dispose();
    }
  });

  it("streams", async () => {
    // The demo model answers within a few frames: a busy host may see the first and the last of them in one. Then again.
    const texts = new Set<string>();
    let last = "";
    for (let tries = 0; tries < 8 && texts.size < 2; tries++) {
      texts.clear();
      await openText(code);
      const thread = await explain();
      const asked = vscode.commands.executeCommand("daylong.askFollowUp", {
        thread: thread.thread,
        text: "Write a function to sort a table, and then a function to read a file.",
      });
      const timer = setInterval(() => texts.add(thread.answers[1]?.text ?? ""), 1);
      await asked;
      clearInterval(timer);
      assertAnswered(thread, 2);
      last = thread.answers[1]?.text ?? "";
      texts.delete("");
      for (const text of texts) assert.ok(last.trim().startsWith(text.trim()), `${text} became ${last}`);
    }
    assert.ok(texts.size >= 2, `${texts.size} pictures of ${last}`);
  });

  it("moves with edits, stays when the file is left, and is gone after Close", async () => {
    const folder = vscode.workspace.workspaceFolders?.[0];
    const table = vscode.Uri.joinPath(folder?.uri ?? assert.fail("no workspace"), "table.ts");
    const editor = await vscode.window.showTextDocument(table);
    editor.selection = new vscode.Selection(7, 0, 9, 1);
    const thread = await explain();
    assert.deepEqual(rangeOf(thread), [7, 0, 9, 1]);
    await editor.edit((edit) => edit.insert(new vscode.Position(0, 0), "// one\n// two\n"));
    assert.deepEqual(rangeOf(thread), [9, 0, 11, 1]);
    assert.equal(thread.thread.label, "Explanation, lines 10–12");

    await vscode.window.showTextDocument(vscode.Uri.joinPath(table, "..", "notes.md"), { preview: false });
    await vscode.window.showTextDocument(table);
    await vscode.commands.executeCommand("undo");
    assert.deepEqual(rangeOf(thread), [7, 0, 9, 1], "edits are followed whoever makes them");
    assert.deepEqual(api.explanations.all, [thread]);

    await vscode.commands.executeCommand("daylong.closeExplanation", thread.thread);
    assert.deepEqual(api.explanations.all, []);
  });

  it("answers in order, and each can be stopped by itself", async () => {
    const editor = await openText(`${code}\n\n${code}\n\n${code}\n`);
    const { uri } = editor.document;
    editor.selection = new vscode.Selection(0, 0, 2, 1);
    const first = await explain();
    const found = first.code;
    const [one, two, three] = [4, 5, 6].map((line) =>
      api.explanations.show(uri, { ...found, range: new vscode.Range(line, 0, line, 1) }),
    );
    assert.ok(one !== undefined && two !== undefined && three !== undefined);
    const done = [one, two, three].map((thread) => thread.explain());
    await waitFor("two that wait", () => two.answers[0]?.ahead === 1 && three.answers[0]?.ahead === 2);
    await vscode.commands.executeCommand("daylong.stopExplanation", two.thread.comments[0]);
    await Promise.all(done);
    assertAnswered(one);
    assertAnswered(three);
    assert.deepEqual([two.answers[0]?.status, two.answerText()], ["stopped", ""]);
    await waitFor("its note", () => shown(two).includes("You stopped this answer"));
  });

  it("becomes a turn of the conversation", async () => {
    await api.controller.openTranscript([]);
    await openText(code);
    const thread = await explain();
    assert.equal(api.controller.turns.length, 0, "the explanation itself is none");
    await vscode.commands.executeCommand("daylong.sendExplanationToChat", thread.thread.comments[0]);
    const [turn] = api.controller.turns;
    assert.ok(turn !== undefined);
    assert.match(turn.user, /^Explain this code \(Untitled-\d, lines 1-3\):\n```ts\nfunction openCache/);
    assert.equal(turn.reply, thread.answerText().trim());
    assert.equal(turn.remembered, true);
  });

  it("is asked for from the chat with /explain, which is no message", async () => {
    await openText(code);
    const before = api.controller.turns.length;
    await api.controller.receive({ type: "send", text: "/explain What does it return?" });
    const thread = await waitFor("a thread", () => api.explanations.all[0]);
    await waitFor("the answer", () => thread.answers[0]?.status === "done");
    assert.equal(thread.code.excerpt.question, "What does it return?");
    assert.equal(api.controller.turns.length, before);
  });

  it("is offered as a code action, and fixes what is marked", async () => {
    const { document } = await openText(`const a = 1;\n\n${code}\n`);
    const marked = new vscode.Range(3, 11, 3, 16);
    const collection = vscode.languages.createDiagnosticCollection("explain-test");
    collection.set(document.uri, [new vscode.Diagnostic(marked, "'cache' is possibly undefined.")]);
    try {
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        "vscode.executeCodeActionProvider",
        document.uri,
        marked,
      );
      const ours = actions.filter(({ title }) => title.endsWith("(Daylong)"));
      assert.deepEqual(
        ours.map(({ title }) => title),
        ["Fix this problem (Daylong)", "Explain (Daylong)"],
      );
      assert.ok(ours.every(({ command }) => (command?.arguments ?? []).length === 0));
      const active = vscode.window.activeTextEditor;
      assert.ok(active !== undefined);
      active.selection = new vscode.Selection(3, 11, 3, 11);
      const thread = await explain("daylong.fixProblem");
      assertAnswered(thread);
      assert.match(thread.thread.label ?? "", /^Fix, lines 3–5/);
      assert.deepEqual(thread.code.excerpt.problems, [
        { line: 4, severity: "error", message: "'cache' is possibly undefined." },
      ]);
      const elsewhere = await vscode.commands.executeCommand<vscode.CodeAction[]>(
        "vscode.executeCodeActionProvider",
        document.uri,
        new vscode.Range(0, 0, 0, 5),
      );
      const titles = elsewhere.map(({ title }) => title).filter((title) => title.endsWith("(Daylong)"));
      assert.deepEqual(titles, ["Explain (Daylong)"]);
    } finally {
      collection.dispose();
    }
  });

  it("works on a read-only virtual document", async () => {
    const provider = vscode.workspace.registerTextDocumentContentProvider("explain-test", {
      provideTextDocumentContent: () => code,
    });
    try {
      const document = await vscode.workspace.openTextDocument(vscode.Uri.parse("explain-test:/deep/cache.ts"));
      await vscode.window.showTextDocument(document);
      const thread = await explain();
      assertAnswered(thread);
      assert.match(thread.code.excerpt.path, /deep\/cache\.ts$/);
    } finally {
      provider.dispose();
    }
  });

  it("works in a notebook's cell, and knows the cells above", async () => {
    const cells = [
      new vscode.NotebookCellData(vscode.NotebookCellKind.Code, "import cold", "python"),
      new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, "# words", "markdown"),
      new vscode.NotebookCellData(vscode.NotebookCellKind.Code, "cold.open()", "python"),
    ];
    const notebook = await vscode.workspace.openNotebookDocument("jupyter-notebook", new vscode.NotebookData(cells));
    const shownEditor = await vscode.window.showNotebookDocument(notebook, {
      selections: [new vscode.NotebookRange(2, 3)],
    });
    await vscode.commands.executeCommand("notebook.cell.edit");
    assert.equal(shownEditor.notebook, notebook);
    const thread = await explain();
    assertAnswered(thread);
    assert.equal(thread.uri.scheme, "vscode-notebook-cell");
    assert.deepEqual([thread.code.excerpt.code, thread.code.excerpt.before], ["cold.open()", ["import cold"]]);
    assert.match(thread.code.excerpt.path, /\.ipynb$|^Untitled/);
  });

  it("explains as much of a very large document as fits, and says what it left out", async function () {
    this.timeout(120_000);
    const editor = await openText(Array.from({ length: 150_000 }, (_, line) => `call${line}();`).join("\n"));
    await vscode.commands.executeCommand("editor.action.selectAll");
    await waitFor("everything selected", () => editor.selection.end.line === 149_999);
    const thread = await explain();
    const [answer] = thread.answers;
    assert.equal(answer?.status, "done");
    const note = answer.notes.find(({ type }) => type === "linesLeftOut");
    assert.ok(note?.type === "linesLeftOut" && note.firstLine > 10 && note.lastLine === 150_000);
    assert.match(answer.text, /\*\*Lines 1–\d+\*\*[^]*\*\*Lines \d+–\d+\*\*/);
    assert.match(shown(thread), /were left out/);
  });

  it("goes with its unsaved document", async () => {
    await openText(code);
    await explain();
    assert.equal(api.explanations.all.length, 1);
    await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    await waitFor("the thread to go", () => api.explanations.all.length === 0);
  });

  it("has nothing to explain in a blank document", async () => {
    await openText("  \n\n");
    await vscode.commands.executeCommand("daylong.explain");
    assert.equal(api.explanations.all.length, 0);
  });

  it("leaves no trace in the conversation: the same cache and the same next reply", async () => {
    const chat = async (withExplanations: boolean): Promise<readonly unknown[]> => {
      await api.controller.openTranscript([]);
      let counters: unknown;
      const view = api.controller.attach((message) => {
        if (message.type === "memory") {
          const { windowTokens, shifts, reprocessedTokens } = message.counters;
          counters = {
            windowTokens,
            shifts,
            reprocessedTokens,
            spans: message.spans.map(({ kind, tokens }) => [kind, tokens]),
          };
        }
      });
      try {
        await api.controller.receive({ type: "ready" });
        await api.controller.receive({ type: "send", text: "Remember that the green cache is 47." });
        if (withExplanations) assertAnswered(await explain());
        const sent = api.controller.receive({ type: "send", text: "Write a function to sort a table." });
        if (withExplanations) assertAnswered(await explain());
        await sent;
        await api.controller.receive({ type: "send", text: "What is the green cache?" });
      } finally {
        view.dispose();
      }
      return [counters, api.controller.turns.map(({ user, reply, status }) => [user, reply, status])];
    };
    await openText(code);
    const plain = await chat(false);
    assert.deepEqual(await chat(true), plain);
    assert.match(JSON.stringify(plain), /47.*47/);
  });
});
