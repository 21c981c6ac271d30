package bridge;

/** The answer to an order. */
public class Quote {
    public String id;
    public int price;

    public static Quote of(String id, int price) {
        Quote quote = new Quote();
        quote.id = id;
        quote.price = price;
        return quote;
    }
}
