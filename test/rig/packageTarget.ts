/** One platform of VS Code for which a VSIX is made. */
export interface PackageTarget {
  /** The target as VS Code names it. */
  readonly name: string;
  readonly os: "linux" | "darwin" | "win32";
  readonly cpu: "x64" | "arm64";
  /** The package with llama.cpp for it. Those for CUDA and Vulkan are too large to ship. */
  readonly nativePackage: string;
}

const packageTargets: readonly PackageTarget[] = [
  { name: "linux-x64", os: "linux", cpu: "x64", nativePackage: "@node-llama-cpp/linux-x64" },
  { name: "linux-arm64", os: "linux", cpu: "arm64", nativePackage: "@node-llama-cpp/linux-arm64" },
  { name: "darwin-x64", os: "darwin", cpu: "x64", nativePackage: "@node-llama-cpp/mac-x64" },
  { name: "darwin-arm64", os: "darwin", cpu: "arm64", nativePackage: "@node-llama-cpp/mac-arm64-metal" },
  { name: "win32-x64", os: "win32", cpu: "x64", nativePackage: "@node-llama-cpp/win-x64" },
  { name: "win32-arm64", os: "win32", cpu: "arm64", nativePackage: "@node-llama-cpp/win-arm64" },
];

/** The named target; without a name, that of this machine. */
export function packageTarget(name = `${process.platform}-${process.arch}`): PackageTarget {
  const target = packageTargets.find((candidate) => candidate.name === name);
  if (target !== undefined) return target;
  throw new Error(`No VSIX is made for ${name}. There are ${packageTargets.map((known) => known.name).join(", ")}.`);
}
