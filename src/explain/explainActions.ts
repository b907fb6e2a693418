import * as vscode from "vscode";
import type { CommandId } from "../commands.ts";

/**
 * Offers to explain what is selected, and to fix what is marked. The commands carry no arguments (VS Code forgets them
 * together with the list): they look at the editor themselves.
 */
export class ExplainActions implements vscode.CodeActionProvider {
  static readonly kinds: vscode.CodeActionProviderMetadata = {
    providedCodeActionKinds: [vscode.CodeActionKind.QuickFix, vscode.CodeActionKind.RefactorRewrite],
  };

  provideCodeActions(
    _document: vscode.TextDocument,
    range: vscode.Range,
    { diagnostics, triggerKind, only }: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    const actions: vscode.CodeAction[] = [];
    if (diagnostics.length > 0) {
      const title = diagnostics.length === 1 ? vscode.l10n.t("Fix this problem") : vscode.l10n.t("Fix these problems");
      const fix = action(`${title} (Daylong)`, vscode.CodeActionKind.QuickFix, "daylong.fixProblem");
      fix.diagnostics = [...diagnostics];
      actions.push(fix);
    }
    // Nobody asked while the cursor only rests somewhere: no light bulb on every line.
    if (!range.isEmpty || diagnostics.length > 0 || triggerKind === vscode.CodeActionTriggerKind.Invoke) {
      const kind = diagnostics.length > 0 ? vscode.CodeActionKind.QuickFix : vscode.CodeActionKind.RefactorRewrite;
      actions.push(action(`${vscode.l10n.t("Explain")} (Daylong)`, kind, "daylong.explain"));
    }
    return actions.filter(({ kind }) => only === undefined || (kind !== undefined && only.contains(kind)));
  }
}

function action(title: string, kind: vscode.CodeActionKind, command: CommandId): vscode.CodeAction {
  const made = new vscode.CodeAction(title, kind);
  made.command = { command, title };
  return made;
}
