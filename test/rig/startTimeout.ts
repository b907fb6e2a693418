/** Time for the workbench or the extension to come up on a slow machine. Milliseconds. */
export const startTimeoutMs = 90_000;
