/** Style sheets are imported for esbuild, which writes them into dist/chat.css. */
declare module "*.css";
