import * as z from "zod/mini";
import type { ChatIntent } from "../messages/chatMessages.ts";

/** Longest message, code block or find text that is taken from the view, in characters. */
const longText = 4_000_000;
const text = z.string().check(z.maxLength(longText));
const shortText = z.string().check(z.maxLength(4096));
const id = z.string().check(z.minLength(1), z.maxLength(200));

const bare = [
  "ready",
  "composing",
  "stop",
  "regenerate",
  "continueReply",
  "useDemoModel",
  "chooseModel",
  "restartEngine",
  "reloadModel",
  "newConversation",
  "showMemory",
  "showLog",
  "sendQueued",
] as const;

const schema = z.union([
  z.strictObject({ type: z.enum(bare) }),
  z.strictObject({ type: z.enum(["send", "editLast"]), text }),
  z.strictObject({
    type: z.enum([
      "pin",
      "unpin",
      "bringBack",
      "attachItem",
      "removeAttachment",
      "refreshAttachment",
      "openAttachment",
      "removeQueued",
    ]),
    id,
  }),
  z.strictObject({ type: z.literal("draft"), key: shortText, text }),
  z.strictObject({
    type: z.literal("complete"),
    request: z.int().check(z.nonnegative()),
    trigger: z.enum(["/", "@"]),
    query: shortText,
  }),
  z.strictObject({ type: z.literal("attachUris"), uris: z.array(shortText).check(z.maxLength(100)) }),
  z.strictObject({ type: z.literal("attachText"), name: shortText, text }),
  z.strictObject({ type: z.literal("pastedPath"), text: shortText }),
  z.strictObject({ type: z.literal("answerOffer"), accept: z.boolean() }),
  z.strictObject({ type: z.literal("editQueued"), id, text }),
  z.strictObject({ type: z.literal("copyTurn"), id, part: z.enum(["user", "reply"]) }),
  z.strictObject({
    type: z.literal("code"),
    action: z.enum(["copy", "insert", "apply", "newFile"]),
    code: text,
    language: shortText,
    fileName: shortText,
  }),
  z.strictObject({ type: z.literal("openLink"), href: shortText }),
]);

/** Checks what came out of the browser. Undefined: it is none of our intents, and nothing of it may be used. */
export function parseIntent(value: unknown): ChatIntent | undefined {
  const result = z.safeParse(schema, value);
  return result.success ? result.data : undefined;
}
