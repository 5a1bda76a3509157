// A process that does nothing: what Node itself takes. Reports as start.mjs does.
console.log(JSON.stringify({ memory: process.memoryUsage.rss() }));
