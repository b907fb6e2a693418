import type { Findings } from "./experiment.ts";
import type { FactReader } from "./factReaders.ts";
import type { Claim, Column, Figure } from "./labResult.ts";
import { inPercent, proportion, type Proportion } from "./proportion.ts";

/** One question and what came of it. */
export interface AskedFact {
  readonly kind: FactReader["kind"];
  /** Lines between the fact and the newest line. */
  readonly distance: number;
  /** Whether the fact's whole line was in the cells. */
  readonly inWindow: boolean;
  readonly right: boolean;
  /** The same with what recall brings back, by its lines; empty: not measured. */
  readonly withRecall: ReadonlyMap<number, boolean>;
}

const target = 0.8;
/** Xiao et al.: StreamEval with a cache of 4+2044, by the distance of the fact. Per cent. */
const paper = { inWindow: "85.8 (460 tokens back), 75.3 (1,840)", forgotten: "0 (2,300 tokens back)" };

export function reportRecall(
  asked: readonly AskedFact[],
  readers: readonly FactReader[],
  recalled: readonly number[],
  distances: readonly number[],
  lineTokens: number,
  chance: number,
): Pick<Findings, "claims" | "tables" | "plots" | "remarks" | "raw"> {
  const curves = readers.flatMap(({ reader, kind, recalls }) => {
    const own = asked.filter((question) => question.kind === kind);
    const plain = { name: reader.name, kind, recall: false, own, isRight: (question: AskedFact) => question.right };
    const withRecall = recalled.map((lines) => ({
      ...plain,
      name: `${reader.name} + recall of ${lines === 1 ? "the line" : `${lines} lines`}`,
      recall: true,
      isRight: (question: AskedFact) => question.withRecall.get(lines) === true,
    }));
    return recalls ? [plain, ...withRecall] : [plain];
  });
  const at = (curve: Curve, distance: number): Proportion =>
    shareOf(
      curve,
      curve.own.filter((question) => question.distance === distance),
    );
  const tokens = (distance: number): number => Math.round(distance * lineTokens);
  return {
    claims: claimsOn(curves, chance),
    tables: [
      {
        title: "Right answers, in per cent (95 % interval), over all distances",
        columns: [
          { name: "policy" },
          { name: "fact in the window" },
          { name: "fact forgotten" },
          { name: "questions", digits: 9 },
          { name: "target, forgotten", from: "target" },
          { name: "paper, in the window", from: "paper" },
          { name: "paper, forgotten", from: "paper" },
        ],
        rows: curves.map((curve): Figure[] => [
          curve.name,
          inPercent(
            shareOf(
              curve,
              curve.own.filter(({ inWindow }) => inWindow),
            ),
          ),
          inPercent(
            shareOf(
              curve,
              curve.own.filter(({ inWindow }) => !inWindow),
            ),
          ),
          curve.own.length,
          curve.recall ? `≥ ${100 * target}` : null,
          curve.kind === "streaming" && !curve.recall ? paper.inWindow : null,
          curve.kind === "streaming" && !curve.recall ? paper.forgotten : null,
        ]),
      },
      {
        title: "Right answers by distance, in per cent (95 % interval)",
        columns: [
          { name: "lines back", digits: 9 },
          { name: "tokens back", digits: 9 },
          ...readers.map(({ kind }): Column => ({ name: `in the window, ${kind}` })),
          ...curves.map(({ name }): Column => ({ name })),
        ],
        rows: distances.map((distance): Figure[] => [
          distance,
          tokens(distance),
          ...readers.map(({ kind }) => keptAt(asked, kind, distance)),
          ...curves.map((curve) => inPercent(at(curve, distance))),
        ]),
      },
    ],
    plots: [
      {
        kind: "line",
        name: "by-distance",
        title: "Right answers by distance",
        x: { label: "tokens between fact and question", log: true },
        y: { label: "right answers (%)" },
        series: curves.map((curve) => ({
          name: curve.name,
          points: distances.map((distance) => [tokens(distance), 100 * at(curve, distance).share] as const),
        })),
      },
    ],
    remarks: remarksOn(curves, chance),
    raw: {
      questions: curves.flatMap((curve) =>
        distances.map((distance) => {
          const own = curve.own.filter((question) => question.distance === distance);
          return {
            policy: curve.name,
            lines: distance,
            samples: own.length,
            inWindow: own.filter(({ inWindow }) => inWindow).length,
            right: own.filter((question) => curve.isRight(question)).length,
          };
        }),
      ),
    },
  };
}

interface Curve {
  readonly name: string;
  readonly kind: FactReader["kind"];
  readonly recall: boolean;
  readonly own: readonly AskedFact[];
  isRight(question: AskedFact): boolean;
}

function shareOf(curve: Curve, questions: readonly AskedFact[]): Proportion {
  return proportion(questions.filter((question) => curve.isRight(question)).length, questions.length);
}

/** Per cent of the questions at a distance whose fact was in the window. */
function keptAt(asked: readonly AskedFact[], kind: FactReader["kind"], distance: number): number | null {
  const own = asked.filter((question) => question.kind === kind && question.distance === distance);
  return own.length === 0 ? null : Math.round((100 * own.filter(({ inWindow }) => inWindow).length) / own.length);
}

function claimsOn(curves: readonly Curve[], chance: number): Claim[] {
  const claims: Claim[] = [];
  const plain = curves.find(({ kind, recall }) => kind === "streaming" && !recall);
  if (plain !== undefined) {
    const kept = shareOf(
      plain,
      plain.own.filter(({ inWindow }) => inWindow),
    );
    const forgotten = shareOf(
      plain,
      plain.own.filter(({ inWindow }) => !inWindow),
    );
    claims.push(
      {
        claim: "Facts in the window that are answered, streaming (%)",
        target: `≥ ${100 * target}`,
        paper: paper.inWindow,
        figure: inPercent(kept) ?? "–",
        met: kept.samples === 0 ? null : kept.share >= target,
      },
      {
        claim: "Forgotten facts that are answered without recall, streaming (%): nothing forgotten is remembered",
        target: "no more than by guessing",
        paper: paper.forgotten,
        figure: inPercent(forgotten) ?? "–",
        met: forgotten.samples === 0 ? null : forgotten.low <= chance,
      },
    );
  }
  // The last is the one that brings back the most lines.
  const recalled = curves.findLast(({ kind, recall }) => kind === "turn-aligned" && recall);
  if (recalled !== undefined) {
    const forgotten = shareOf(
      recalled,
      recalled.own.filter(({ inWindow }) => !inWindow),
    );
    claims.push({
      claim: `Forgotten facts that are answered, ${recalled.name} (%)`,
      target: `≥ ${100 * target}`,
      figure: inPercent(forgotten) ?? "–",
      met: forgotten.samples === 0 ? null : forgotten.share >= target,
    });
  }
  return claims;
}

function remarksOn(curves: readonly Curve[], chance: number): string[] {
  const remarks: string[] = [];
  for (const curve of curves) {
    const forgotten = shareOf(
      curve,
      curve.own.filter(({ inWindow }) => !inWindow),
    );
    if (forgotten.samples === 0) continue;
    const figures = `${inPercent(forgotten) ?? ""} % of ${forgotten.samples} questions about forgotten facts are answered`;
    if (curve.recall) {
      const verdict = forgotten.share >= target ? "reached" : "missed";
      remarks.push(`${curve.name}: ${figures} (target: at least ${100 * target} %, ${verdict}).`);
    } else {
      const isChance = forgotten.low <= chance;
      const guessing = `(guessing: ${(100 * chance).toPrecision(2)} %)`;
      remarks.push(`${curve.name}: ${figures} ${guessing}${isChance ? ": nothing forgotten is remembered" : ""}.`);
    }
  }
  const samples = Math.min(...curves.map(({ own }) => own.length / new Set(own.map(({ distance }) => distance)).size));
  if (samples < 100) remarks.push(`Each distance was asked ${samples} times; figures to rely on need 100.`);
  return remarks;
}
