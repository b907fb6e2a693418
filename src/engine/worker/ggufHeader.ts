import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { DaylongError } from "../../base/errors.ts";
import {
  ggufDefaultAlignment,
  ggufValueBytes,
  ggufValueTypes,
  tensorBlocks,
  type GgufEntry,
  type GgufScalar,
  type GgufTensor,
  type GgufValueType,
} from "./ggufFormat.ts";

/** Everything in a GGUF file but the weights. */
export interface GgufHeader {
  readonly fileBytes: number;
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufEntry>;
  readonly tensors: readonly GgufTensor[];
  /** Bytes from the start of the file to the data section. */
  readonly dataOffset: number;
  readonly alignment: number;
}

/** Arrays up to this length are kept whole; of longer ones only the token list is needed. */
const keptArrayLength = 4096;
const tokenListKey = "tokenizer.ggml.tokens";
const maximumTensorName = 63;
const maximumDimensions = 4;

/**
 * Reads the header of a GGUF file, within the file's bounds: a length that the file cannot hold is an error, not an
 * allocation. Neither the library's reader (which reads zeros beyond the end, for as long as a damaged length says)
 * nor native code needs to see a file that fails here.
 * @param keepAll keeps arrays of every length, as a rewriter needs.
 * @throws DaylongError `model-empty`, `model-not-gguf`, `model-damaged`, `model-unsupported`
 */
export function readGgufHeader(path: string, keepAll = false): GgufHeader {
  const file = openSync(path, "r");
  try {
    return new HeaderReader(file, fstatSync(file).size, keepAll).read();
  } finally {
    closeSync(file);
  }
}

class HeaderReader {
  /** Some vocabularies hold tokens that begin with a byte-order mark: it must not be dropped. */
  private readonly decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  private chunk = Buffer.alloc(0);
  private chunkStart = 0;
  private position = 0;

  constructor(
    private readonly file: number,
    private readonly fileBytes: number,
    private readonly keepAll: boolean,
  ) {}

  read(): GgufHeader {
    if (this.fileBytes === 0) {
      throw new DaylongError("model-empty", "The model file is empty. Download it again, or choose another file.");
    }
    const magic = this.fileBytes < 4 ? "" : this.take(4).toString("latin1");
    if (magic !== "GGUF") {
      throw new DaylongError(
        "model-not-gguf",
        "This file is not a GGUF model. Daylong runs models in the GGUF format: choose a file that ends in .gguf.",
        `magic ${JSON.stringify(magic)}`,
      );
    }
    const version = this.readInteger("uint32");
    if (version !== 2 && version !== 3) {
      throw new DaylongError(
        "model-unsupported",
        "This model file was written in a version of the GGUF format that Daylong does not read. Look for a newer conversion of the model.",
        `GGUF version ${version}`,
      );
    }
    const tensorCount = this.readInteger("uint64");
    const entryCount = this.readInteger("uint64");
    const metadata = this.readMetadata(entryCount);
    const alignment = readAlignment(metadata);
    const tensors = this.readTensors(tensorCount, alignment);
    const dataOffset = Math.ceil(this.position / alignment) * alignment;
    const last = tensors.at(-1);
    if (last !== undefined && dataOffset + last.offset + last.bytes > this.fileBytes) {
      throw damaged(
        `tensor ${last.name} ends at byte ${dataOffset + last.offset + last.bytes}, the file at ${this.fileBytes}`,
        "The model file is incomplete: it ends before its last weights. Download it again.",
      );
    }
    return { fileBytes: this.fileBytes, version, metadata, tensors, dataOffset, alignment };
  }

  private readMetadata(count: number): Map<string, GgufEntry> {
    // The shortest entry: an 8-byte length, one character, a 4-byte type, one byte.
    this.expectRoom(count, 14, "metadata entries");
    const metadata = new Map<string, GgufEntry>();
    for (let index = 0; index < count; index++) {
      const key = this.readString();
      // llama.cpp takes a key for empty that starts with a zero byte, and aborts.
      if (key === "" || key.includes("\0") || metadata.has(key)) {
        throw damaged(`metadata key ${JSON.stringify(key)} is empty, broken or doubled`);
      }
      metadata.set(key, this.readEntry(key));
    }
    return metadata;
  }

  private readEntry(key: string): GgufEntry {
    const type = this.readType(key);
    if (type !== "array") return { type, value: this.readScalar(type) };
    const elementType = this.readType(key);
    if (elementType === "array") throw damaged(`array of arrays in ${key}`);
    const length = this.readInteger("uint64");
    this.expectRoom(length, elementType === "string" ? 8 : ggufValueBytes[elementType], key);
    if (!this.keepAll && length > keptArrayLength && key !== tokenListKey) {
      this.skipArray(elementType, length);
      return { type, value: { elementType, length, values: undefined } };
    }
    const values: GgufScalar[] = [];
    for (let index = 0; index < length; index++) values.push(this.readScalar(elementType));
    return { type, value: { elementType, length, values } };
  }

  private skipArray(elementType: Exclude<GgufValueType, "array">, length: number): void {
    if (elementType !== "string") {
      this.position += length * ggufValueBytes[elementType];
      return;
    }
    for (let index = 0; index < length; index++) {
      const bytes = this.readInteger("uint64");
      this.expectRoom(bytes, 1, "a string");
      this.position += bytes;
    }
  }

  private readTensors(count: number, alignment: number): GgufTensor[] {
    // The shortest entry: an 8-byte length, a 4-byte dimension count, a 4-byte type, an 8-byte offset.
    this.expectRoom(count, 24, "tensors");
    const tensors: GgufTensor[] = [];
    const names = new Set<string>();
    let expectedOffset = 0;
    for (let index = 0; index < count; index++) {
      const tensor = this.readTensor();
      if (names.has(tensor.name)) throw damaged(`tensor ${tensor.name} is there twice`);
      if (tensor.offset !== expectedOffset) {
        throw damaged(`tensor ${tensor.name} is at offset ${tensor.offset}, expected ${expectedOffset}`);
      }
      names.add(tensor.name);
      tensors.push(tensor);
      expectedOffset += Math.ceil(tensor.bytes / alignment) * alignment;
    }
    return tensors;
  }

  private readTensor(): GgufTensor {
    const name = this.readString();
    if (Buffer.byteLength(name) > maximumTensorName) throw damaged(`tensor name of ${name.length} characters`);
    const dimensionCount = this.readInteger("uint32");
    if (dimensionCount > maximumDimensions) throw damaged(`tensor ${name} has ${dimensionCount} dimensions`);
    const dimensions: number[] = [];
    for (let index = 0; index < dimensionCount; index++) dimensions.push(this.readInteger("uint64"));
    const type = this.readInteger("uint32");
    const block = tensorBlocks.get(type);
    if (block === undefined) {
      throw new DaylongError(
        "model-unsupported",
        "This model stores its weights in a format that Daylong's engine does not know. Look for another quantisation of the model.",
        `tensor ${name} has type ${type}`,
      );
    }
    const rowElements = dimensions[0] ?? 1;
    const elements = dimensions.reduce((product, size) => product * size, 1);
    const bytes = (elements / block.elements) * block.bytes;
    if (rowElements % block.elements !== 0 || elements === 0 || !Number.isSafeInteger(bytes)) {
      throw damaged(`tensor ${name} of type ${type} has the shape ${dimensions.join(" x ")}`);
    }
    return { name, dimensions, type, offset: this.readInteger("uint64"), bytes };
  }

  private readType(key: string): GgufValueType {
    const number = this.readInteger("uint32");
    const type = ggufValueTypes[number];
    if (type === undefined) throw damaged(`value type ${number} in ${key}`);
    return type;
  }

  private readScalar(type: Exclude<GgufValueType, "array">): GgufScalar {
    if (type === "string") return this.readString();
    const bytes = this.take(ggufValueBytes[type]);
    switch (type) {
      case "uint8":
        return bytes.readUInt8();
      case "int8":
        return bytes.readInt8();
      case "uint16":
        return bytes.readUInt16LE();
      case "int16":
        return bytes.readInt16LE();
      case "uint32":
        return bytes.readUInt32LE();
      case "int32":
        return bytes.readInt32LE();
      case "float32":
        return bytes.readFloatLE();
      case "float64":
        return bytes.readDoubleLE();
      case "uint64":
        return bytes.readBigUInt64LE();
      case "int64":
        return bytes.readBigInt64LE();
      case "bool":
        return bytes.readUInt8() !== 0;
    }
  }

  private readInteger(type: "uint32" | "uint64"): number {
    if (type === "uint32") return this.take(4).readUInt32LE();
    const value = this.take(8).readBigUInt64LE();
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(`the length ${value.toString()}`);
    return Number(value);
  }

  private readString(): string {
    const length = this.readInteger("uint64");
    this.expectRoom(length, 1, "a string");
    return this.decoder.decode(this.take(length));
  }

  private expectRoom(count: number, bytesEach: number, what: string): void {
    if (count * bytesEach > this.fileBytes - this.position) {
      throw damaged(`${count} of ${what} at byte ${this.position} of ${this.fileBytes}`);
    }
  }

  /** The next bytes, as a view that is valid until the next call. */
  private take(length: number): Buffer {
    this.expectRoom(length, 1, "bytes");
    let start = this.position - this.chunkStart;
    if (start < 0 || start + length > this.chunk.length) {
      const size = Math.min(Math.max(length, 1 << 20), this.fileBytes - this.position);
      this.chunk = Buffer.alloc(size);
      this.chunkStart = this.position;
      start = 0;
      for (let filled = 0; filled < size;) {
        const read = readSync(this.file, this.chunk, filled, size - filled, this.position + filled);
        if (read === 0) throw damaged("the file became shorter while it was read");
        filled += read;
      }
    }
    this.position += length;
    return this.chunk.subarray(start, start + length);
  }
}

function readAlignment(metadata: ReadonlyMap<string, GgufEntry>): number {
  const entry = metadata.get("general.alignment");
  if (entry === undefined) return ggufDefaultAlignment;
  const value = entry.value;
  if (entry.type !== "uint32" || typeof value !== "number" || value === 0 || (value & (value - 1)) !== 0) {
    throw damaged("general.alignment is not a power of two");
  }
  return value;
}

function damaged(
  detail: string,
  message = "The model file is damaged: its header does not make sense. Download it again.",
): DaylongError {
  return new DaylongError("model-damaged", message, detail);
}
