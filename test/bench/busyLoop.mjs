// Keeps one core busy until it is ended.
for (;;) Math.sqrt(Math.random());
