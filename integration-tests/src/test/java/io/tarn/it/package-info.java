/** Tests against real clusters, each a process of its own. */
package io.tarn.it;
