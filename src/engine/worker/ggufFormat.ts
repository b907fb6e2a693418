/** The GGUF file format (versions 2 and 3): value types and tensor block layouts. Source: ggml/include/gguf.h, ggml.h. */
export type GgufValueType =
  | "uint8"
  | "int8"
  | "uint16"
  | "int16"
  | "uint32"
  | "int32"
  | "float32"
  | "bool"
  | "string"
  | "array"
  | "uint64"
  | "int64"
  | "float64";

/** In the order of their numbers in the file. */
export const ggufValueTypes: readonly GgufValueType[] = [
  "uint8",
  "int8",
  "uint16",
  "int16",
  "uint32",
  "int32",
  "float32",
  "bool",
  "string",
  "array",
  "uint64",
  "int64",
  "float64",
];

/** Bytes of one value; strings and arrays have none of their own. */
export const ggufValueBytes: Readonly<Record<Exclude<GgufValueType, "string" | "array">, number>> = {
  uint8: 1,
  int8: 1,
  uint16: 2,
  int16: 2,
  uint32: 4,
  int32: 4,
  float32: 4,
  bool: 1,
  uint64: 8,
  int64: 8,
  float64: 8,
};

export type GgufScalar = number | bigint | boolean | string;

export interface GgufArray {
  readonly elementType: GgufValueType;
  readonly length: number;
  /** Undefined for a long array that the reader was not asked to keep. */
  readonly values: readonly GgufScalar[] | undefined;
}

export type GgufEntry =
  | { readonly type: Exclude<GgufValueType, "array">; readonly value: GgufScalar }
  | { readonly type: "array"; readonly value: GgufArray };

export interface GgufTensor {
  readonly name: string;
  /** Fastest-changing dimension first, as in ggml. */
  readonly dimensions: readonly number[];
  /** A key of `tensorBlocks`. */
  readonly type: number;
  /** Bytes from the start of the data section. */
  readonly offset: number;
  readonly bytes: number;
}

/** Elements and bytes of one block of each tensor type that llama.cpp still reads, by its number in the file. */
export const tensorBlocks: ReadonlyMap<number, { readonly elements: number; readonly bytes: number }> = new Map([
  [0, { elements: 1, bytes: 4 }], // f32
  [1, { elements: 1, bytes: 2 }], // f16
  [2, { elements: 32, bytes: 18 }], // q4_0
  [3, { elements: 32, bytes: 20 }], // q4_1
  [6, { elements: 32, bytes: 22 }], // q5_0
  [7, { elements: 32, bytes: 24 }], // q5_1
  [8, { elements: 32, bytes: 34 }], // q8_0
  [9, { elements: 32, bytes: 36 }], // q8_1
  [10, { elements: 256, bytes: 84 }], // q2_K
  [11, { elements: 256, bytes: 110 }], // q3_K
  [12, { elements: 256, bytes: 144 }], // q4_K
  [13, { elements: 256, bytes: 176 }], // q5_K
  [14, { elements: 256, bytes: 210 }], // q6_K
  [15, { elements: 256, bytes: 292 }], // q8_K
  [16, { elements: 256, bytes: 66 }], // iq2_xxs
  [17, { elements: 256, bytes: 74 }], // iq2_xs
  [18, { elements: 256, bytes: 98 }], // iq3_xxs
  [19, { elements: 256, bytes: 50 }], // iq1_s
  [20, { elements: 32, bytes: 18 }], // iq4_nl
  [21, { elements: 256, bytes: 110 }], // iq3_s
  [22, { elements: 256, bytes: 82 }], // iq2_s
  [23, { elements: 256, bytes: 136 }], // iq4_xs
  [24, { elements: 1, bytes: 1 }], // i8
  [25, { elements: 1, bytes: 2 }], // i16
  [26, { elements: 1, bytes: 4 }], // i32
  [27, { elements: 1, bytes: 8 }], // i64
  [28, { elements: 1, bytes: 8 }], // f64
  [29, { elements: 256, bytes: 56 }], // iq1_m
  [30, { elements: 1, bytes: 2 }], // bf16
  [34, { elements: 256, bytes: 54 }], // tq1_0
  [35, { elements: 256, bytes: 66 }], // tq2_0
  [39, { elements: 32, bytes: 17 }], // mxfp4
  [40, { elements: 64, bytes: 36 }], // nvfp4
  [41, { elements: 128, bytes: 18 }], // q1_0
  [42, { elements: 64, bytes: 18 }], // q2_0
]);

export const ggufDefaultAlignment = 32;
