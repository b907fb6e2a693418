/** Thrown between two pieces of work once whoever asked for a measurement wants it no longer. */
export class Cancelled extends Error {
  override readonly name = "Cancelled";

  constructor() {
    super("cancelled");
  }
}
