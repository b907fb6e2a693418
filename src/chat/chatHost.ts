import type { CodeAction } from "../messages/chatMessages.ts";

/** What the settings say, read anew whenever it is needed. */
export interface ChatSettings {
  /** Empty: none chosen. */
  readonly modelPath: string;
  /** Tokens; 0: chosen for the model. */
  readonly contextSize: number;
  readonly gpu: "auto" | "off";
  readonly valueCache: "f16" | "q8_0";
  readonly systemPrompt: string;
  /** Null: as the model recommends. */
  readonly temperature: number | null;
  /** Whatever stands in the settings under these names; what makes no sense is as the model recommends. */
  readonly sampling: Readonly<Record<string, unknown>>;
  readonly maxTokens: number;
  /** Minutes without use after which the model's memory is freed; 0: never. */
  readonly unloadAfterMinutes: number;
  readonly stopStrings: readonly unknown[];
  /** The key that sends a message; the other one breaks the line. */
  readonly sendWith: "enter" | "ctrlEnter";
}

export interface CodeUse {
  readonly action: CodeAction;
  readonly code: string;
  readonly language: string;
  readonly fileName: string;
}

export type NewConversationChoice = "cancel" | "new" | "keepPins";

/** What the controller asks of the workbench around it. Implemented with vscode, and by a recording fake in tests. */
export interface ChatHost {
  /** BCP 47 tag of the workbench's language. */
  readonly language: string;
  settings(): ChatSettings;
  /** Whether the user works with the demo model, which is in no setting. Survives the window. */
  prefersDemo: boolean;
  translate(message: string, ...values: (string | number)[]): string;
  /** Lets the user pick a model file and stores it in the settings. Undefined: cancelled. */
  pickModelFile(): Promise<string | undefined>;
  /** Asks before another conversation begins; with pinned turns, whether they come along. */
  confirmNewConversation(pinnedTurns: number): Promise<NewConversationChoice>;
  copyText(text: string): Promise<void>;
  useCode(use: CodeUse): Promise<void>;
  openLink(href: string): Promise<void>;
  /** Shows the exact text in the model's window. */
  showMemory(): Promise<void>;
  showLog(): void;
  log(line: string): void;
}
