import { counted } from "./counted";

/** A configuration that cannot be used: every reason at once, one sentence each. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly sentences: readonly string[];

  /** `source` is what the user edits: the name of the stack or of its file. */
  constructor(source: string, sentences: readonly string[]) {
    super(
      [
        `The configuration of ${source} has ${sentences.length === 1 ? "an error" : counted(sentences.length, "error")}:`,
        ...sentences,
      ].join("\n"),
    );
    this.sentences = sentences;
  }
}
