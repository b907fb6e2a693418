export const usage = `Daylong on the command line: the engine of the extension, without VS Code.

  npm run -s cli -- chat --model FILE [--context N] [--system TEXT] [--json] [sampling]
      Reads one user turn per line from standard input and prints each reply.
      Sampling; what is not given is as the model's file recommends, else as suits code ("inspect" shows it):
        --temperature T  --top-k N  --top-p P  --min-p P  --repeat-penalty R  --seed S
        --max-tokens M        the longest reply
        --stop TEXT           ends a reply where this appears in it, and leaves it out; may be given several times
        --json-schema FILE    replies are JSON of this schema
        --grammar FILE        replies follow this grammar (GBNF)
      With --json: JSON lines in, one JSON object per line out. Input lines:
        {"text": "…"}                          a user turn; with "attachments": [{"text": "…"}, …] before the text
        {"op": "regenerate"}                   another reply to the newest message
        {"op": "edit", "text": "…"}            replaces the newest message and its reply
        {"op": "continue"}                     goes on with a reply that was stopped
        {"op": "stopAfter", "tokens": N, "text": "…"}   a user turn whose reply is stopped after N tokens
        {"op": "pin", "turn": N}               keeps turn N; forgotten turns are appended again
        {"op": "unpin", "turn": N}
        {"op": "bringBack", "turn": N}         appends a forgotten turn again, without pinning it
        {"op": "detour", "text": "…"}          a side question that leaves no trace; with "during": "…" it is asked in
                                               the middle of the reply to that text
        {"op": "ahead", "attachments": [{"text": "…"}, …]}   evaluates attachments before the message is sent: the next
                                               turn begins with them; an empty list erases them
        {"op": "instructions", "text": "…"}    changed instructions: they stand before the next user message
        {"op": "reset"}                        forgets the conversation
      Output of a turn: turn, text, thought, stopReason, promptTokens, replyTokens, evictedTurns (in this turn), shifts
      (so far), reprocessedTokens (in this turn: decoded by the library's meter minus appended by us), omittedTokens,
      windowTokens, windowSize, timeToFirstTokenMs, tokensPerSecond. A line that fails gives {"error": {code, message}}.

  npm run -s cli -- inspect FILE [--load [--context N]]
      Prints the gate's verdict on a GGUF file: mode (stream, recompute, refuse), reasons, architecture, sampling, …
      With --load the model is loaded: how it runs here, its window, its hardware, and why if that is not the GPU.

  Errors go to standard error with their code; the exit code is 64 for a wrong call and 2 otherwise.
  DAYLONG_LOG=1 shows the engine's log on standard error.
`;
