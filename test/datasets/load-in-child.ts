/** Loads the small set from the mirror in the argument, prints the first elements, and must then end by itself. */
import { load, smallSet } from './small-set.js';

process.stdout.write(JSON.stringify(await load(smallSet([process.argv[2]!], { stall: 900_000, total: 900_000 }))));
