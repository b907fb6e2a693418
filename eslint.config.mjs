import js from "@eslint/js";
import tseslint from "typescript-eslint";

/** Folders of src and what each may import of the others (docs/architecture.md). `models` is still to come. */
const imports = {
  base: [],
  files: [],
  messages: ["base"],
  conversation: ["base"],
  storage: ["base", "files"],
  attachments: ["base"],
  engine: ["base", "files", "conversation"],
  chat: ["base", "files", "messages", "attachments", "conversation", "storage", "engine"],
  explain: ["base", "conversation", "engine"],
  models: [],
  lab: ["base", "files", "conversation", "engine"],
  measure: ["base", "lab"],
  cli: ["base", "conversation", "engine"],
};

function allBut(...folders) {
  return Object.keys(imports).filter((folder) => !folders.includes(folder));
}

/** What each folder may not import. A later block replaces the rule, so each list is complete. */
const layers = Object.fromEntries(
  Object.entries(imports).map(([layer, allowed]) => [layer, allBut(layer, ...allowed)]),
);

const explainVscodeFiles = [
  "src/explain/answerText.ts",
  "src/explain/codeContext.ts",
  "src/explain/explainActions.ts",
  "src/explain/explainCommands.ts",
  "src/explain/explanationThread.ts",
  "src/explain/explanationThreads.ts",
];

const chatVscodeFiles = [
  "src/chat/chatViewProvider.ts",
  "src/chat/conversationCommands.ts",
  "src/chat/conversationHandlers.ts",
  "src/chat/conversationPicker.ts",
  "src/chat/conversationTransfer.ts",
  "src/chat/editorActions.ts",
  "src/chat/memoryDocuments.ts",
  "src/chat/statusBar.ts",
];

const attachmentVscodeFiles = [
  "src/attachments/attachCommands.ts",
  "src/attachments/workspaceAttachments.ts",
  "src/attachments/workspaceFiles.ts",
  "src/attachments/workspaceOutline.ts",
];

const measureVscodeFiles = ["src/measure/modelMeasurements.ts"];

/** The only files that may see the `vscode` module. */
const vscodeFiles = [
  "src/extension.ts",
  "src/commands.ts",
  "src/config.ts",
  "src/log.ts",
  ...chatVscodeFiles,
  ...explainVscodeFiles,
  ...attachmentVscodeFiles,
  ...measureVscodeFiles,
];

function restricted({
  folders = [],
  vscode = false,
  llama = false,
  node = true,
  engineInternals = false,
  labData = false,
}) {
  const patterns = folders.map((folder) => ({
    regex: `(^|/)${folder}/`,
    message: `This folder may not import ${folder}/ (docs/architecture.md).`,
  }));
  if (engineInternals) {
    patterns.push({
      regex: "engine/worker/",
      message: "Only the engine process loads the worker; go through the Engine interface.",
    });
  }
  if (labData) {
    patterns.push({
      regex: "(^|/)lab/(?!labMessage|labResult|report/)",
      message: "Only the forked lab measures; here is only what its results are made of.",
    });
  }
  if (!node) patterns.push({ regex: "^node:", message: "This folder is pure: no Node." });
  const paths = [];
  if (!vscode)
    paths.push({ name: "vscode", message: "Only the composition root and the view providers may import vscode." });
  if (!llama) paths.push({ name: "node-llama-cpp", message: "Only engine/worker may import node-llama-cpp." });
  return { "no-restricted-imports": ["error", { paths, patterns }] };
}

const pure = new Set(["base", "messages", "conversation"]);

export default tseslint.config(
  { ignores: ["dist/**", ".rig/**", ".cache/**", "node_modules/**", "**/*.vsix"] },
  js.configs.recommended,
  {
    files: ["**/*.ts", "**/*.tsx"],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: {
        project: [
          "./src/tsconfig.pure.json",
          "./src/tsconfig.json",
          "./webview-ui/tsconfig.json",
          "./test/tsconfig.json",
        ],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      "max-lines": ["error", { max: 400 }],
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": "error",
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      "@typescript-eslint/no-confusing-void-expression": [
        "error",
        { ignoreArrowShorthand: true, ignoreVoidReturningFunctions: true },
      ],
    },
  },
  { files: ["src/**/*.ts"], rules: restricted({}) },
  ...Object.entries(layers).map(([layer, folders]) => ({
    files: [`src/${layer}/**/*.ts`],
    rules: restricted({
      folders,
      node: !pure.has(layer),
      engineInternals: ["chat", "explain"].includes(layer),
      labData: layer === "measure",
    }),
  })),
  {
    files: ["src/engine/worker/**/*.ts"],
    rules: restricted({ folders: layers.engine, llama: true }),
  },
  {
    files: vscodeFiles,
    rules: restricted({ vscode: true, engineInternals: true }),
  },
  {
    files: chatVscodeFiles,
    rules: restricted({ vscode: true, folders: layers.chat, engineInternals: true }),
  },
  {
    files: attachmentVscodeFiles,
    rules: restricted({ vscode: true, folders: layers.attachments, engineInternals: true }),
  },
  {
    files: explainVscodeFiles,
    rules: restricted({ vscode: true, folders: layers.explain, engineInternals: true }),
  },
  {
    files: measureVscodeFiles,
    rules: restricted({ vscode: true, folders: layers.measure, engineInternals: true, labData: true }),
  },
  {
    files: ["webview-ui/**/*.ts", "webview-ui/**/*.tsx"],
    rules: restricted({
      folders: allBut("messages"),
      node: false,
    }),
  },
  {
    files: ["test/**/*.ts", "test/**/*.tsx"],
    rules: {
      "@typescript-eslint/no-non-null-assertion": "off",
      "@typescript-eslint/no-unused-expressions": "off",
    },
  },
  {
    files: ["**/*.mjs", "**/*.js"],
    extends: [tseslint.configs.disableTypeChecked],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        URL: "readonly",
        Buffer: "readonly",
        __dirname: "readonly",
        __filename: "readonly",
        require: "readonly",
        module: "readonly",
        exports: "readonly",
        fetch: "readonly",
        performance: "readonly",
        globalThis: "readonly",
        document: "readonly",
        window: "readonly",
        structuredClone: "readonly",
        AbortController: "readonly",
      },
    },
    rules: { "@typescript-eslint/no-require-imports": "off", "max-lines": ["error", { max: 400 }] },
  },
);
