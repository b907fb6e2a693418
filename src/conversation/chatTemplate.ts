export type Role = "system" | "user" | "assistant";

export interface TemplateMessage {
  readonly role: Role;
  readonly content: string;
}

/** Text around the thoughts of a reasoning model. */
export interface ThoughtTags {
  readonly open: string;
  readonly close: string;
  /** What the model writes in front of its answer, with or without a thought before (`<|channel|>final<|message|>`). */
  readonly answers?: readonly string[];
}

/** A model's chat template. Rendering is pure: the same messages give the same text all day (dates are frozen). */
export interface ChatTemplate {
  readonly name: string;
  readonly thoughtTags: readonly ThoughtTags[];
  /** Strings that end a reply, for models without an end-of-generation token. */
  readonly stopStrings: readonly string[];
  /** @throws whatever the template raises, for instance about roles that must alternate */
  render(messages: readonly TemplateMessage[], addGenerationPrompt: boolean): string;
}
