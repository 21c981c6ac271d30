package bridge;

/** A payload: Jackson makes JSON of it, and of that JSON this. */
public class Order {
    public String id;
    public int amount;

    public static Order of(String id, int amount) {
        Order order = new Order();
        order.id = id;
        order.amount = amount;
        return order;
    }
}
