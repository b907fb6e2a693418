// Bundles the integration tests and runs them in a real extension host.
import { runIntegration } from "./runIntegration.ts";

process.exitCode = await runIntegration();
