/** How requests name their sender; a file of its own, as it is all that some need of the clients. */
export const userAgent = "Amalgam/0.1.0";
