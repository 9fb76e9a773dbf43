// Asks for the same page again after a moment: what it waits for goes on meanwhile.
"use strict";

setTimeout(() => location.replace(location.href), 1500);
