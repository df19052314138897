/** IndexedDB of this terminal: keys, facts, sealed pages, and per attempt the journal of answers with their acknowledgements. */

const NAME = "ankao-terminal";
const VERSION = 1;
const STORES = { keys: null, facts: null, vault: null, journal: ["attempt", "slot"], acked: ["attempt", "slot"] };

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** A small promise face on IndexedDB; a write resolves only when its transaction is on the disk. */
export class Store {
  #database;

  constructor(database) {
    this.#database = database;
  }

  /** Opens the database, making its stores the first time. */
  static async open() {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const [name, keyPath] of Object.entries(STORES)) {
        request.result.createObjectStore(name, keyPath ? { keyPath } : {});
      }
    };
    return new Store(await settled(request));
  }

  /** Reads one value, or undefined. */
  get(store, key) {
    return settled(this.#database.transaction(store).objectStore(store).get(key));
  }

  /** Reads every row of one attempt from `journal` or `acked`. */
  rows(store, attempt) {
    const range = IDBKeyRange.bound([attempt], [attempt, []]);
    return settled(this.#database.transaction(store).objectStore(store).getAll(range));
  }

  /** Writes one value under a key, or one row that carries its own key. */
  put(store, value, key) {
    return this.write([[store, value, key]]);
  }

  /** Writes several values in one transaction: all of them or none. */
  write(entries) {
    const names = [...new Set(entries.map(([store]) => store))];
    return this.#change(names, (transaction) => {
      for (const [store, value, key] of entries) {
        if (key === undefined) transaction.objectStore(store).put(value);
        else transaction.objectStore(store).put(value, key);
      }
    });
  }

  /** Removes one value. */
  remove(store, key) {
    return this.#change([store], (transaction) => transaction.objectStore(store).delete(key));
  }

  /** Removes everything kept of one attempt: answers, acknowledgements, sealed form and lease. */
  forget(attempt) {
    return this.#change(["facts", "vault", "journal", "acked"], (transaction) => {
      const range = IDBKeyRange.bound([attempt], [attempt, []]);
      transaction.objectStore("journal").delete(range);
      transaction.objectStore("acked").delete(range);
      for (const part of ["form", "session"]) transaction.objectStore("vault").delete(`${part}:${attempt}`);
      for (const part of ["seq", "view"]) transaction.objectStore("facts").delete(`${part}:${attempt}`);
    });
  }

  #change(names, act) {
    return new Promise((resolve, reject) => {
      const transaction = this.#database.transaction(names, "readwrite", { durability: "strict" });
      transaction.oncomplete = () => resolve();
      transaction.onerror = () => reject(transaction.error);
      transaction.onabort = () => reject(transaction.error);
      act(transaction);
      transaction.commit(); // left to itself it is dropped when the page is reloaded before its requests have answered
    });
  }
}
