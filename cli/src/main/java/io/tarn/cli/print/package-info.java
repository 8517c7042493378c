/** How results look: aligned tables, readable amounts. */
package io.tarn.cli.print;
